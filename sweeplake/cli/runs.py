"""Runs on a terminal: what identifies them, what they were ranked by, and the main metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from sweeplake.cli.output import print_table

MAIN_METRICS = ("sharpe", "total_return", "cagr", "max_drawdown", "num_trades", "win_rate")


def print_runs(
    runs: Sequence[Mapping[str, Any]], title: str | None = None, metric: str | None = None
) -> None:
    """Print run documents as a table, the metric that ranked them first."""
    first = (metric,) if metric and metric != "date" and metric not in MAIN_METRICS else ()
    columns = ("strategy", "symbol", "params", *first, *MAIN_METRICS, "run_id")
    print_table([{**run, **run["metrics"]} for run in runs], columns, title)
