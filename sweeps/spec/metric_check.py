"""Whether the metrics that a configuration names exist."""

from collections.abc import Iterable

from sweeps.errors import did_you_mean
from sweeps.spec.config import SweepConfig
from sweeps.spec.errors import ConfigError, Problem

COMPOSITE = "composite_score"


def check_metrics(config: SweepConfig, metric_names: Iterable[str]) -> None:
    """Refuse a configuration that names a metric which no run has.

    Args:
        config: Its `[score]`, `details.metric` and `walk_forward.metric` are looked at.
        metric_names: Every metric that a run has; `composite_score` is allowed when there is a `[score]`.

    Raises:
        ConfigError: With every unknown name and the nearest known one.
    """
    known = [name for name in metric_names if name != COMPOSITE]
    problems: list[Problem] = [
        (f"score.{name}", _unknown(name, known)) for name in config.score or {} if name not in known
    ]
    named = {"details.metric": config.details.metric}
    if config.walk_forward is not None:
        named["walk_forward.metric"] = config.walk_forward.metric
    for key, metric in named.items():
        if metric == COMPOSITE and config.score is None:
            problems.append((key, "composite_score needs a [score]; add one, or choose a metric"))
        elif metric != COMPOSITE and metric not in known:
            problems.append((key, _unknown(metric, [*known, COMPOSITE])))
    if problems:
        raise ConfigError(config.source, tuple(problems))


def _unknown(name: str, known: list[str]) -> str:
    remedy = did_you_mean(name, known) or f"; known are {', '.join(known)}"
    return f'there is no metric "{name}"{remedy}'
