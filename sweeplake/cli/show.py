"""`sweeplake show`."""

from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import note, print_facts, print_json, print_table

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


@click.command()
@click.argument("run_id")
@lake_option
@click.option(
    "--trades",
    "shown_trades",
    default=20,
    show_default=True,
    type=click.IntRange(min=0),
    help="Trades to print.",
)
@json_option
def show(run_id: str, lake_url: str, shown_trades: int, as_json: bool) -> None:  # noqa: FBT001
    """Print everything that is stored of a run: parameters, metrics, trades, equity (with --json)."""
    import sweeplake
    from queries.documents import plain

    with sweeplake.open(lake_url) as lake:
        run = lake.run(run_id)
        document = run.document
        trades = _rows(run.stored.trades)
        equity = _rows(run.stored.equity) if as_json else None
    if as_json:
        extra = {"path": run.path_metrics, "trades": trades, "equity": equity}
        print_json(plain({**document, **extra}))
        return
    identity = ("run_id", "sweep_id", "strategy", "symbol", "timeframe", "date")
    print_facts({name: document[name] for name in identity})
    print_facts(
        {name: "off" if value is None else value for name, value in run.params.items()}, title="Parameters"
    )
    print_facts({**run.metrics, **run.path_metrics}, title="Metrics")
    if trades is None:
        note('its trades and equity are not stored; run it with [details] keep = "all" to have them')
        return
    print_table(trades[:shown_trades], _TRADE_COLUMNS, title=f"Trades ({len(trades)})")
    if len(trades) > shown_trades:
        note(f"{len(trades) - shown_trades} more trades; see --trades, --json or `sweeplake sql`")


def _rows(table: Any) -> list[dict[str, Any]] | None:
    return None if table is None else table.to_pylist()
