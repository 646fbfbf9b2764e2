"""Workbooks: all that there is to tell of a sweep or a run, a table a sheet."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX, PARAMETER_PREFIX
from queries.leaderboard import leaderboard
from queries.luck.luck import Luck
from queries.search import best
from queries.sheets import Sheet, fact_sheet, table_sheet
from queries.sweep import sweep_row
from queries.winners import winners
from sweeplake.lake import LATEST

if TYPE_CHECKING:
    from sweeplake.lake import Lake
    from sweeplake.stored_run import StoredRun
    from sweeplake.sweep import Sweep

BEST = 100
"""Rows of the best runs, and of the leaderboard."""
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_IDENTITY = ("run_id", "sweep_id", "strategy", "symbol", "timeframe", "date")
_QUANTILES = """
select metric, unit, columns(quantiles.* exclude (metric))
from sweep_quantiles($1) as quantiles left join metric_columns using (metric)
"""
_LUCK = (
    *("symbol", "verdict", "sharpe", "trials", "effective_trials", "expected_sharpe", "psr", "dsr"),
    *("n_bars", "least_bars"),
)


def sheets_of(lake: "Lake", what: str) -> list[Sheet] | None:
    """Return the sheets of the sweep or run that a name is the id of; None if it is of neither.

    Raises:
        RemovedError: If the run was removed.
        UnknownNameError: If it looks like a run's id, and there is no such run.
    """
    if _RUN_ID.fullmatch(what):
        return run_sheets(lake.run(what))
    known = lake.catalog.rows("select 1 from sweeps where sweep_id = $1", [what])
    return sweep_sheets(lake.sweep(what)) if what == LATEST or known else None


def sweep_sheets(sweep: "Sweep") -> list[Sheet]:
    """Return a sweep's configuration and counts, quantiles, best runs, parameter sets, failures and luck."""
    catalog, sweep_id = sweep.lake.catalog, sweep.sweep_id
    config = json.loads(sweep_row(catalog, sweep_id)["config"] or "{}")
    found = sweep.summary()
    filters = sweep.lake.filters(sweep=sweep_id)
    by_symbol = winners(
        catalog, sweep_id, n=1, metric=found.metric, score=config.get("score"), per=("symbol",)
    )
    ranked = {"value": found.metric}
    sheets = [
        fact_sheet("sweep", {**found.sweep, **dict(_flat(config))}),
        table_sheet("quantiles", catalog.arrow(_QUANTILES, [sweep_id]), facts=True),
        table_sheet("best runs", _held(best(catalog, filters, metric=found.metric, n=BEST))),
        table_sheet("best per symbol", _held(_renamed(by_symbol, ranked).drop_columns(["place"]))),
        table_sheet("leaderboard", _held(leaderboard(catalog, metric=found.metric, n=BEST, sweep=sweep_id))),
        table_sheet("failures", found.failures),
        Sheet("luck", _LUCK, [_luck(item) for item in found.luck]),
    ]
    if found.tests.num_rows:
        sheets += [
            table_sheet("out of sample", found.out_of_sample),
            table_sheet("walk-forward", _held(found.tests)),
        ]
    return sheets


def run_sheets(run: "StoredRun") -> list[Sheet]:
    """Return a run's parameters and metrics, trades, equity, months and drawdowns.

    Parameters are called `param.<name>`: one may have a metric's name.

    Raises:
        BadValueError: If its trades and equity are not stored, and cannot be computed again.
    """
    identity = {name: run.document[name] for name in _IDENTITY}
    identity["date"] = run.stored.run["created_at"][0].as_py()
    params = {f"param.{name}": "off" if value is None else value for name, value in run.params.items()}
    curves = run.curves
    return [
        fact_sheet("run", {**identity, **params, **run.metrics, **run.path_metrics}),
        table_sheet("trades", _own(run.details["trades"])),
        table_sheet("equity", _own(run.details["equity"])),
        table_sheet("months", curves.monthly_returns()),
        table_sheet("drawdowns", curves.drawdowns()),
    ]


def _flat(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a configuration by the path of their keys."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"config.{above}{key}", value


def _held(table: pa.Table) -> pa.Table:
    """Return the columns that have a value: those of other strategies go; without rows, those of all runs."""
    if not table.num_rows:
        own = (PARAMETER_PREFIX, CUSTOM_METRIC_PREFIX)
        return table.select([name for name in table.column_names if not name.startswith(own)])
    return table.select([name for name in table.column_names if table[name].null_count < len(table)])


def _own(table: pa.Table) -> pa.Table:
    """Return the columns that are not the same in every row of a run."""
    return table.drop_columns([name for name in _IDENTITY if name in table.column_names])


def _renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    return table.rename_columns([names.get(name, name) for name in table.column_names])


def _luck(item: Luck) -> tuple[object, ...]:
    told = {**vars(item), "symbol": item.symbol or ", ".join(item.symbols), "verdict": item.verdict}
    return tuple(told[name] for name in _LUCK)
