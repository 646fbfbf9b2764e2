from typing import Any

import pytest

from sweeps.spec.errors import ConfigError
from sweeps.spec.metric_check import check_metrics
from tests.sweeps.spec.specimens import config

KNOWN = ("sharpe", "max_drawdown", "cagr")


@pytest.mark.parametrize(
    "changes",
    [{}, {"score": {"sharpe": 1, "max_drawdown": -0.5}, "details": {"metric": "composite_score"}}],
)
def test_known_metrics_pass(changes: dict[str, Any]) -> None:
    check_metrics(config(**changes), KNOWN)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"score": {"sharp": 1}}, ("score.sharp", 'there is no metric "sharp"; did you mean "sharpe"?')),
        (
            {"score": {"composite_score": 1}},
            ("score.composite_score", 'there is no metric "composite_score"'),
        ),
        (
            {"details": {"metric": "cagrr"}},
            ("details.metric", 'there is no metric "cagrr"; did you mean "cagr"?'),
        ),
        ({"details": {"metric": "zzz"}}, ("details.metric", "known are sharpe, max_drawdown, cagr")),
        ({"details": {"metric": "composite_score"}}, ("details.metric", "composite_score needs a [score]")),
    ],
)
def test_an_unknown_metric_is_refused_by_key(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        check_metrics(config(**changes), KNOWN)
    ((key, reason),) = caught.value.problems
    assert key == problem[0]
    assert problem[1] in reason
