"""Runs on a terminal: what identifies them, what they were ranked by, and the main metrics."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sweeplake.cli.tables import print_table

if TYPE_CHECKING:
    from queries.parameters import ParameterColumn

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


def params_apart(table: Any, known: Iterable["ParameterColumn"]) -> list[dict[str, Any]]:
    """Return an Arrow table's rows with their parameters as one object, `params`, by name; None is off."""
    names = {parameter.column: parameter.name for parameter in known}
    rows: list[dict[str, Any]] = table.to_pylist()
    return [
        {
            **{column: value for column, value in row.items() if column not in names},
            "params": {names[column]: value for column, value in row.items() if column in names},
        }
        for row in rows
    ]
