"""`sweeplake luck`, and what `summary` says of it."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import note, print_json
from sweeplake.cli.tables import print_table

if TYPE_CHECKING:
    from queries.luck.luck import Luck

_COLUMNS = (
    "symbol",
    "sharpe",
    "trials",
    "effective_trials",
    "expected_sharpe",
    "psr",
    "dsr",
    "pbo",
    "n_bars",
    "least_bars",
    "run_id",
)
_OPTIONAL = ("effective_trials", "pbo", "psr", "n_bars", "least_bars", "run_id")


@click.command()
@click.argument("sweep_id")
@lake_option
@click.option("--symbol", metavar="S", help="Only this symbol.")
@click.option(
    "--trials",
    type=click.Choice(("sweep", "lake")),
    default="sweep",
    show_default=True,
    help="Count the sweep's trials, or all that the lake has of its strategy.",
)
@json_option
@time_travel
def luck(
    sweep_id: str,
    lake_url: str,
    pin: dict[str, Any],
    symbol: str | None,
    trials: Any,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Tell whether a sweep's best run is luck.

    By symbol, and over all symbols of one window: the Sharpe ratio that the best of so many trials has
    without skill, the deflated Sharpe ratio, and the probability of backtest overfitting. Some runs are
    computed again, to tell how alike the trials are. SWEEP_ID may be "latest".
    """
    import sweeplake

    with sweeplake.open(lake_url, **pin) as lake, redirect_stdout(sys.stderr):  # whatever a strategy prints
        found = lake.sweep(sweep_id).luck(symbol, trials)
    if as_json:
        print_json({"luck": [item.to_document() for item in found]})
        return
    if not found:
        note("no run of role full that was asked for has a Sharpe ratio")
        return
    print_table([_row(item) for item in found], _COLUMNS, "Is it luck?", optional=_OPTIONAL)
    click.echo()
    print_verdicts(found)
    for item in found:
        if item.left_out:
            note(f"over all: {', '.join(item.symbols)}; the windows of {item.left_out:,} more are others")


def print_verdicts(found: Sequence["Luck"]) -> None:
    """Print a sentence on each symbol, and on all together."""
    for item in found:
        click.echo(f"{_named(item)}: {item.verdict}")


def _named(item: "Luck") -> str:
    return item.symbol or f"all {len(item.symbols)} symbols"


def _row(item: "Luck") -> dict[str, Any]:
    split = item.overfitting
    return {
        **vars(item),
        "symbol": _named(item),
        "pbo": None if split is None else split.pbo,
        "run_id": item.run_ids[0] if item.symbol else None,
    }
