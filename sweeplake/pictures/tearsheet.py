"""Tearsheet: all of a run as one page."""

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from queries.luck.luck import is_it_luck
from sweeplake.pictures.files import save_page
from sweeplake.pictures.forms import moment, value
from sweeplake.pictures.names import metric_form, metric_name
from sweeplake.pictures.page import Facts, Page, Picture, Section, Table, Words
from sweeplake.pictures.run_tables import (
    drawdowns_table,
    group_table,
    months_table,
    trades_table,
    years_table,
)

if TYPE_CHECKING:
    from sweeplake.stored_run import StoredRun

_HEADLINE = (
    "total_return",
    "buy_hold_return",
    "cagr",
    "sharpe",
    "sortino",
    "max_drawdown",
    "calmar",
    "volatility",
    "num_trades",
    "win_rate",
    "profit_factor",
    "exposure",
)
_MOST_TRIALS = 1_000_000
"""Of a sweep with more runs, luck is asked apart: it reads all of them."""


def write_tearsheet(run: "StoredRun", path: str | os.PathLike[str]) -> None:
    """Write all of a run as one HTML file that needs no network; a file that is there is replaced.

    Raises:
        UnknownNameError: If the file's ending is not .html.
        BadValueError: If its trades and equity are not stored, and cannot be computed again, or the file
            cannot be written.
    """
    save_page(tearsheet(run), path)


def tearsheet(run: "StoredRun") -> Page:
    """Return all of a run as a page.

    Raises:
        BadValueError: If its trades and equity are not stored, and cannot be computed again.
    """
    document = run.document
    return Page(
        title=f"{document['strategy']} on {document['symbol']}, {document['timeframe']}",
        subtitle=f"{_window(run)}, run {run.run_id}",
        sections=(
            _headline(run),
            Section("Equity", (Picture(run.plot.equity(), titled=False),)),
            Section("Trades", (Picture(run.plot.trades(), titled=False), *_groups(run))),
            Section("Calendar", (Picture(run.plot.calendar(), titled=False),)),
            Section("Returns and drawdowns", (months_table(run), years_table(run), drawdowns_table(run))),
            Section("All numbers", (_metrics(run), _settings(run), _lineage(run))),
            Section("List of trades", (trades_table(run),)),
        ),
        footer="Written by sweeplake. Times are UTC, returns are after costs, - is undefined.",
    )


def _headline(run: "StoredRun") -> Section:
    metrics = run.metrics
    shown = {metric_name(name): metric_form(name)(metrics.get(name)) for name in _HEADLINE}
    warning = (Words("Ruined: its equity fell to zero."),) if metrics.get("ruined") else ()
    return Section("", (*warning, Facts(shown, large=True), *_luck(run)))


def _luck(run: "StoredRun") -> tuple[Words, ...]:
    """Return the verdict on the best run of its sweep and symbol; nothing where it is not cheap to tell."""
    document, sweep = run.document, run.sweep
    apart = "role" in document or run.metrics.get("sharpe") is None
    if apart or (sweep["runs"] or 0) > _MOST_TRIALS:
        return ()
    found = is_it_luck(run.lake.catalog, document["sweep_id"], symbol=document["symbol"])
    return tuple(
        Words(
            f"Is the best of its sweep on {item.symbol} luck? {item.verdict} Each trial counts as an idea of "
            f"its own; sweeplake luck {document['sweep_id']} asks how alike they are."
        )
        for item in found
    )


def _groups(run: "StoredRun") -> tuple[Table, ...]:
    """Return its trades in groups; a single hour or weekday is none."""
    by_time = (group_table(run, name) for name in ("weekday", "hour"))
    return (group_table(run, "exit_reason"), *(table for table in by_time if len(table.rows) > 1))


def _metrics(run: "StoredRun") -> Facts:
    found = {metric_name(name): metric_form(name)(item) for name, item in run.metrics.items()}
    path = {metric_name(name): metric_form(name)(item) for name, item in run.path_metrics.items()}
    return Facts({**found, **path}, "Metrics")


def _settings(run: "StoredRun") -> Facts:
    """Return its parameters, and the execution settings of its sweep that it does not set otherwise."""
    config = json.loads(run.sweep["config"] or "{}")
    common = {
        name: item
        for table in ("execution", "exits")
        for name, item in (config.get(table) or {}).items()
        if name not in run.params
    }
    return Facts({name: _setting(item) for name, item in {**run.params, **common}.items()}, "Settings")


def _setting(item: Any) -> str:
    if item is None:
        return "off"
    if isinstance(item, dict):
        return " ".join(_setting(part) for part in item.values())
    return f"{item:.6g}" if isinstance(item, float) else value(item)


def _lineage(run: "StoredRun") -> Facts:
    document, sweep = run.document, run.sweep
    bars = json.loads(sweep["bars"] or "{}").get(document["symbol"], {})
    return Facts(
        {
            "Run": run.run_id,
            "Sweep": f"{sweep['name']} ({document['sweep_id']})",
            "Computed": moment(datetime.fromisoformat(document["date"])),
            "Strategy": document["strategy"],
            "Code": value(sweep["strategy_code"]),
            "Rules of simulation": f"version {sweep['simulation_version']}",
            "Symbol": f"{document['symbol']}, {document['timeframe']}",
            "Window": _window(run),
            "Bars": value(bars.get("fingerprint")),
            "Owner": value(sweep["owner"]),
            "Computed again by": f"sweeplake replay {run.run_id}",
        },
        "Where it comes from",
    )


def _window(run: "StoredRun") -> str:
    row = run.stored.run.select(["period_start", "period_end", "n_bars"]).to_pylist()[0]
    if row["period_start"] is None:
        return "window not known"
    return f"{moment(row['period_start'])} to {moment(row['period_end'])}, {row['n_bars']:,} bars"
