"""`sweeplake best`, `search` and `lookup`."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from sweeplake.cli.answers import to_file
from sweeplake.cli.options import json_option, lake_option, output_option, run_filters, time_travel
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.runs import print_runs

_NAMES_SHOWN = 20


@click.command()
@lake_option
@click.option("-n", default=10, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--metric", default="sharpe", show_default=True, help="What ranks, in its natural direction.")
@run_filters
@click.option("--min-trades", type=int, metavar="N", help="Only runs with at least this many trades.")
@output_option
@json_option
@time_travel
def best(
    lake_url: str,
    pin: dict[str, Any],
    n: int,
    metric: str,
    output: str | None,
    as_json: bool,  # noqa: FBT001
    **filters: Any,
) -> None:
    """Print the best runs by a metric."""
    import sweeplake
    from queries.search import best as best_runs

    with sweeplake.open(lake_url, **pin) as lake:
        found = best_runs(lake.catalog, lake.filters(**filters), metric=metric, n=n)
        _print(lake, found, output, filters, as_json=as_json, metric=metric)


@click.command()
@lake_option
@run_filters
@click.option("--timeframe", metavar="TF", help="Only this timeframe.")
@click.option("--min-sharpe", type=float, metavar="X", help="Lowest Sharpe ratio.")
@click.option("--max-drawdown", type=float, metavar="X", help="Highest drawdown, a fraction such as 0.2.")
@click.option("--min-trades", type=int, metavar="N", help="Fewest trades.")
@click.option("--since", metavar="TIME", help="Computed at or after this time (UTC).")
@click.option("--until", metavar="TIME", help="Computed before this time (UTC).")
@click.option(
    "--where", metavar="SQL", help="SQL condition on the columns of metrics, e.g. 'param_fast < 20'."
)
@click.option("--sort", default="sharpe", show_default=True, metavar="METRIC|date", help="Order; best first.")
@click.option("--asc", "ascending", is_flag=True, default=None, help="Lowest (oldest) first.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(min=0), help="Most rows; 0 is all."
)
@output_option
@json_option
@time_travel
def search(
    lake_url: str,
    pin: dict[str, Any],
    sort: str,
    ascending: bool | None,  # noqa: FBT001
    limit: int,
    output: str | None,
    as_json: bool,  # noqa: FBT001
    **filters: Any,
) -> None:
    """Print the runs that pass filters, in order."""
    import sweeplake
    from queries.search import search as search_runs

    with sweeplake.open(lake_url, **pin) as lake:
        wanted = lake.filters(**filters)
        found = search_runs(lake.catalog, wanted, sort=sort, ascending=ascending, limit=limit)
        _print(lake, found, output, filters, as_json=as_json, metric=sort)


@click.command()
@lake_option
@click.option("--strategy", required=True, metavar="S", help="Strategy.")
@click.option("--symbol", required=True, metavar="S", help="Symbol.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Parameter or exit; repeat it.")
@click.option("--timeframe", metavar="TF", help="Timeframe.")
@output_option
@json_option
@time_travel
def lookup(
    lake_url: str,
    pin: dict[str, Any],
    strategy: str,
    symbol: str,
    params: tuple[str, ...],
    timeframe: str | None,
    output: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Print the runs that have these parameters.

    \b
    sweeplake lookup --strategy sma_cross --symbol AAPL --param fast=10 --param slow=50
    """
    import sweeplake
    from queries.lookup import Lookup
    from queries.lookup import lookup as look_up
    from queries.removed import removed_like

    with sweeplake.open(lake_url, **pin) as lake:
        found = look_up(lake.catalog, [Lookup(strategy, symbol, _named(params), timeframe)])
        asked = {"strategy": strategy, "symbol": symbol}
        _print(lake, found.drop_columns(["request"]), output, asked, as_json=as_json)
        removal = None if found.num_rows else removed_like(lake.catalog, strategy, symbol)
    if removal is not None:
        back = f"`{command('undo')}` brings them back until vacuum"
        note(f"runs of {strategy} on {symbol} were {removal}; {back}")


def _named(params: tuple[str, ...]) -> dict[str, str]:
    named: dict[str, str] = {}
    for param in params:
        name, equals, value = (part.strip() for part in param.partition("="))
        if not equals or not name:
            raise click.BadParameter(f"{param!r}: write NAME=VALUE, e.g. fast=10", param_hint="--param")
        if name in named:
            raise click.BadParameter(f"{name} is there twice: {named[name]}, {value}", param_hint="--param")
        named[name] = value
    return named


def _print(
    lake: Any,
    found: Any,
    output: str | None,
    filters: Mapping[str, Any],
    *,
    as_json: bool,
    metric: str | None = None,
) -> None:
    from queries.documents import document_metric, run_documents

    if output is not None:
        to_file(found, output)
        return
    runs = run_documents(lake.catalog, found)
    if as_json:
        print_json({"rows": runs})
    elif runs:
        print_runs(runs, metric=metric and document_metric(lake.catalog, metric))
    else:
        note(_nothing(lake, filters["strategy"], filters["symbol"]))


def _nothing(lake: Any, strategy: str | None, symbol: str | None) -> str:
    """Return what to tell when no run passes: what there is to ask about."""
    there = lake.catalog.rows("select distinct strategy, symbol from metrics order by strategy, symbol")
    if not there:
        return f"the lake has no runs yet; start some with `{command('run CONFIG')}`"
    asked = [row for row in there if strategy in (None, row["strategy"]) and symbol in (None, row["symbol"])]
    strategies = dict.fromkeys(row["strategy"] for row in asked or there)
    symbols = sorted({row["symbol"] for row in asked or there})
    runs = f"runs of {_some(strategies)} on {_some(symbols)}"
    return f"none of the {runs} passes what else is asked" if asked else f"no run passes; there are {runs}"


def _some(names: Iterable[str]) -> str:
    known = list(names)
    more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return ", ".join(known[:_NAMES_SHOWN]) + more
