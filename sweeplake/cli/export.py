"""`sweeplake export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweeplake.cli.answers import answer, chosen_form, refuse_terminal
from sweeplake.cli.options import FORMS, OutputFile, lake_option, time_travel
from sweeplake.cli.output import counted, note

if TYPE_CHECKING:
    from queries.sheets import Sheet


@click.command()
@click.argument("what")
@click.argument("form", required=False, type=click.Choice(FORMS))
@lake_option
@click.option("--sweep", metavar="ID", help='Only this sweep; "latest" is the newest.')
@click.option("--strategy", metavar="S", help="Only this strategy.")
@click.option("--symbol", metavar="S", help="Only this symbol.")
@click.option("-o", "--output", type=OutputFile(), help="File; standard output without it.")
@time_travel
def export(
    what: str, form: str | None, lake_url: str, pin: dict[str, Any], output: str | None, **filters: str | None
) -> None:
    """Export a view, a SELECT, a sweep or a run.

    WHAT is a view (metrics, trades, equity, bars, sweep_summary, a strategy, ...) or a query; or a sweep
    ("latest" is the newest) or a run, all that there is to tell of it in several tables: xlsx or html.

    \b
    sweeplake export metrics csv --sweep latest -o runs.csv
    sweeplake export "select * from sma_cross where sharpe > 1" parquet -o good.parquet
    sweeplake export latest -o sweep.xlsx
    """
    import sweeplake
    from queries.confine import ConfinedCatalog
    from queries.export_query import view_query
    from sweeplake.workbooks import sheets_of

    chosen = chosen_form(form, output)
    if chosen is None:
        raise click.UsageError(f"name a format ({', '.join(FORMS)}), or a file that ends in one")
    if output is None:
        refuse_terminal(chosen)
    with sweeplake.open(lake_url, **pin) as lake:
        wanted = {name: value for name, value in filters.items() if value is not None}
        if "sweep" in wanted:
            wanted["sweep_id"] = lake.sweep_id(wanted.pop("sweep"))
        sheets = sheets_of(lake, what)
        if sheets is not None:
            _write(sheets, chosen, output, wanted)
            return
        query, values = view_query(lake.catalog, what, wanted)
        with ConfinedCatalog(lake.catalog.snapshot) as catalog:
            answer(catalog.batches(query, values), chosen, output)


def _write(sheets: "list[Sheet]", form: str, output: str | None, filters: dict[str, str]) -> None:
    from queries.export import BOUND, export_sheets

    if form not in BOUND or output is None:
        raise click.UsageError(f"a sweep or a run is several tables: write {' or '.join(BOUND)} with -o FILE")
    if filters:
        raise click.UsageError("--sweep, --strategy and --symbol are of a view; leave them out")
    note(f"{counted(export_sheets(sheets, Path(output), form), 'table')} in {output}")
