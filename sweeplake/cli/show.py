"""`sweeplake show`."""

import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import note, print_json
from sweeplake.cli.tables import print_facts, print_table

if TYPE_CHECKING:
    from sweeplake.stored_run import StoredRun

_IDENTITY = ("run_id", "sweep_id", "strategy", "symbol", "timeframe", "date")
_TRADE_COLUMNS = (
    "trade",
    "side",
    "entry_time",
    "entry_price",
    "exit_time",
    "exit_price",
    "pnl",
    "return",
    "mae",
    "mfe",
    "exit_reason",
)
_OPTIONAL_TRADE_COLUMNS = ("exit_reason", "return", "side", "pnl", "exit_price", "entry_price", "mfe", "mae")
_JSON_COLUMNS = ("entry_indicators", "exit_indicators")
_PRICE_DIGITS = 6
_DRAWDOWNS = 5
_TITLES = {
    "yearly_returns": "Years",
    "drawdowns": "Deepest drawdowns",
    "exit_reasons": "Trades by exit reason",
}
_OPTIONAL_CURVE_COLUMNS = ("bars_to_trough", "mean_bars_held", "total_pnl", "pnl", "equity", "bars")


@click.command()
@click.argument("run_id")
@lake_option
@click.option(
    "--trades",
    "shown_trades",
    default=20,
    show_default=True,
    type=click.IntRange(min=0),
    help="Most trades to print.",
)
@json_option
@time_travel
def show(run_id: str, lake_url: str, pin: dict[str, Any], shown_trades: int, as_json: bool) -> None:  # noqa: FBT001
    """Print everything of a run.

    That is its parameters, metrics and trades, its returns by year, its deepest drawdowns and what its trades
    ended by; with --json also its equity curve. Trades and equity that are not stored are computed from the
    bars and the strategy that its sweep was started on.
    """
    import sweeplake

    with sweeplake.open(lake_url, **pin) as lake:
        run = lake.run(run_id)
        with redirect_stdout(sys.stderr):  # a strategy may print
            details, why = _details(run)
    trades, path = _rows(details.get("trades")), run.path_metrics if details else {}
    curves = _curves(run) if details else {}
    if as_json:
        equity = _rows(details.get("equity"))
        print_json({**run.document, "path": path, **curves, "trades": trades, "equity": equity})
        return
    date = datetime.fromisoformat(run.document["date"])
    print_facts({name: run.document[name] for name in _IDENTITY} | {"date": date})
    click.echo()
    print_facts(_settings(run.params), title="Parameters")
    click.echo()
    print_facts({**run.metrics, **path}, title="Metrics", beside=_units())
    if trades is None:
        note(why)
        return
    click.echo()
    print_table(
        trades[:shown_trades],
        _TRADE_COLUMNS,
        title=f"Trades ({len(trades)})",
        optional=_OPTIONAL_TRADE_COLUMNS,
        digits=_PRICE_DIGITS,
    )
    if len(trades) > shown_trades:
        note(f"{len(trades) - shown_trades} more trades; see --trades {len(trades)}, or --json")
    for name, rows in curves.items():
        if rows:
            click.echo()
            print_table(rows, tuple(rows[0]), _TITLES[name], optional=_OPTIONAL_CURVE_COLUMNS)


def _details(run: "StoredRun") -> tuple[Mapping[str, Any], str]:
    """Return trades and equity, computed where they are not stored; none, and why, if that cannot be."""
    from queries.errors import BadValueError

    try:
        found = run.details
    except BadValueError as error:
        return {}, error.reason
    if not run.has_details:
        note(
            "its trades and equity are not stored: they were computed now, from its sweep's bars and strategy"
        )
    return found, ""


def _curves(run: "StoredRun") -> dict[str, list[dict[str, Any]]]:
    """Return what its trades and equity come to, by the name that it has in the document."""
    return {
        "yearly_returns": run.curves.yearly_returns().to_pylist(),
        "drawdowns": run.curves.drawdowns(_DRAWDOWNS).to_pylist(),
        "exit_reasons": run.curves.trades_by("exit_reason").to_pylist(),
    }


def _settings(params: dict[str, Any]) -> dict[str, Any]:
    return {name: "off" if value is None else value for name, value in params.items()} or {"none": None}


def _units() -> dict[str, str]:
    from lake.columns import DETAILS, METRICS

    return {column.name: column.unit for column in (*DETAILS, *METRICS)}


def _rows(table: Any) -> list[dict[str, Any]] | None:
    """Return rows with their JSON columns as objects."""
    if table is None:
        return None
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        row.update({name: json.loads(row[name]) for name in _JSON_COLUMNS if row.get(name)})
    return rows
