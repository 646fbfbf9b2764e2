"""`sweeplake leaderboard`."""

from typing import Any

import click

from sweeplake.cli.answers import to_file
from sweeplake.cli.options import json_option, lake_option, output_option, time_travel
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.tables import print_table

ORDERS = ("mean", "worst", "best", "profitable")
_COLUMNS = (
    "strategy",
    "timeframe",
    "params",
    "symbols",
    "missing",
    "mean",
    "worst",
    "best",
    "profitable",
    "num_trades",
    "best_run",
)
_OPTIONAL = ("mean", "worst", "symbols", "missing", "profitable", "best", "num_trades", "timeframe")


@click.command()
@lake_option
@click.option("-n", default=10, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--metric", default="sharpe", show_default=True, help="What is compared, in its direction.")
@click.option(
    "--by", "order_by", type=click.Choice(ORDERS), default=ORDERS[0], show_default=True, help="What ranks."
)
@click.option("--strategy", metavar="S", help="Only this strategy.")
@click.option("--sweep", metavar="ID", help='Only this sweep; "latest" is the newest.')
@click.option("--timeframe", metavar="TF", help="Only this timeframe.")
@click.option("--min-trades", type=int, metavar="N", help="Fewest trades of a set, over all symbols.")
@click.option("--min-symbols", type=int, metavar="N", help="Fewest symbols on which a set has the metric.")
@output_option
@json_option
@time_travel
def leaderboard(
    lake_url: str,
    pin: dict[str, Any],
    metric: str,
    output: str | None,
    as_json: bool,  # noqa: FBT001
    **options: Any,
) -> None:
    """Print the best parameter sets over all symbols.

    A symbol that a set has no run on, or no such metric, is missing: it is not in mean, worst and best.
    """
    import sweeplake
    from queries.documents import set_documents
    from queries.leaderboard import leaderboard as best_sets

    with sweeplake.open(lake_url, **pin) as lake:
        chosen = lake.filters(sweep=options.pop("sweep")).sweep
        found = best_sets(lake.catalog, metric=metric, sweep=chosen, **options)
        rows = set_documents(lake.catalog, found)
    if output is not None:
        to_file(found, output)
    elif as_json:
        print_json({"metric": metric, "rows": rows})
    elif rows:
        print_table(rows, _COLUMNS, f"Parameter sets by {options['order_by']} {metric}", optional=_OPTIONAL)
        note(f"next: {command('show ' + rows[0]['best_run'])}")
    else:
        note(f"no parameter set passes; `{command('best')}` prints the best runs there are")
