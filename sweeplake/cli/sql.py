"""`sweeplake sql` and `export`."""

import sys
from pathlib import Path
from typing import Any

import click

from sweeplake.cli.options import lake_option
from sweeplake.cli.output import note, print_table

FORMATS = ("table", "json", "csv", "parquet", "arrow")
EXPORTS = ("csv", "parquet")


@click.command()
@click.argument("query")
@lake_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file.")
def sql(query: str, lake_url: str, form: str, output: str | None) -> None:
    """Answer one SELECT over the lake's views: it reads the lake's snapshot and nothing else.

    \b
    sweeplake sql 'select symbol, count(*), max(sharpe) from metrics group by symbol'
    """
    import sweeplake

    with sweeplake.open(lake_url) as lake:
        _deliver(_confined(lake, query), form, output)


@click.command()
@click.argument("what")
@click.argument("form", required=False, type=click.Choice(EXPORTS))
@lake_option
@click.option("--sweep", metavar="ID", help='Only this sweep; "latest" is the newest.')
@click.option("--strategy", metavar="S", help="Only this strategy.")
@click.option("--symbol", metavar="S", help="Only this symbol.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="File; standard output without it.")
def export(what: str, form: str | None, lake_url: str, output: str | None, **filters: str | None) -> None:
    """Export a view (metrics, trades, equity, bars, sweep_summary, a strategy, ...) or a SELECT.

    \b
    sweeplake export metrics csv --sweep latest -o runs.csv
    sweeplake export "select * from sma_cross where sharpe > 1" parquet -o good.parquet
    """
    from queries.export_query import view_query

    import sweeplake

    chosen = form or (Path(output).suffix.removeprefix(".") if output else "")
    if chosen not in EXPORTS:
        raise click.UsageError(f"name a format ({', '.join(EXPORTS)}), or a file that ends in one")
    with sweeplake.open(lake_url) as lake:
        if filters["sweep"] is not None:
            filters["sweep_id"] = lake.sweep_id(filters["sweep"])
        del filters["sweep"]
        query, values = view_query(lake.catalog, what, {k: v for k, v in filters.items() if v is not None})
        _deliver(_confined(lake, query, values), chosen, output)


def _confined(lake: Any, query: str, values: Any = None) -> Any:
    from queries.confine import ConfinedCatalog

    return ConfinedCatalog(lake.catalog.snapshot).batches(query, values)


def _deliver(rows: Any, form: str, output: str | None) -> None:
    from queries.export import export as write
    from queries.export import export_file

    if output is not None:
        count = export_file(rows, Path(output), "csv" if form == "table" else form)
        note(f"{count:,} rows in {output}")
    elif form == "table":
        table = rows.read_all()
        print_table(table.to_pylist(), table.column_names)
    else:
        sys.stdout.flush()
        write(rows, form, sys.stdout.buffer)
