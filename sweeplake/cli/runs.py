"""Runs on a terminal: what identifies them, what they were ranked by, and the main metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from sweeplake.cli.tables import print_table

MAIN_METRICS = ("sharpe", "total_return", "max_drawdown", "num_trades", "win_rate", "cagr")
"""The columns of every table of runs, the most important first: a narrow terminal loses the last."""


def print_runs(
    runs: Sequence[Mapping[str, Any]], title: str | None = None, metric: str | None = None
) -> None:
    """Print run documents as a table, the metric (or date) that ranked them first."""
    ranked = (metric,) if metric and metric not in MAIN_METRICS else ()
    rest = tuple(name for name in MAIN_METRICS if name != metric) if metric else MAIN_METRICS
    first = ranked or tuple(name for name in MAIN_METRICS if name == metric)
    columns = ("strategy", "symbol", "params", *first, *rest, "run_id")
    rows = [{**run["metrics"], **run, "params": _params(run["params"])} for run in runs]
    print_table(rows, columns, title, optional=rest)


def _params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are on."""
    return {name: value for name, value in params.items() if value is not None}
