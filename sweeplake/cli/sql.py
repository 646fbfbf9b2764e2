"""`sweeplake sql` and `export`."""

import sys
from pathlib import Path
from typing import Any

import click

from sweeplake.cli.options import lake_option, time_travel
from sweeplake.cli.output import counted, note
from sweeplake.cli.tables import print_table

FORMATS = ("table", "json", "csv", "parquet", "arrow")
EXPORTS = ("csv", "parquet")
BINARY = ("parquet", "arrow")
_DIGITS = 7


@click.command()
@click.argument("query")
@lake_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by the file's name, else table.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file.")
@time_travel
def sql(query: str, lake_url: str, pin: dict[str, Any], form: str | None, output: str | None) -> None:
    """Answer one SELECT over the lake's views.

    It reads the lake's snapshot and nothing else; the views are in docs/sql.md.

    \b
    sweeplake sql 'select symbol, count(*), max(sharpe) from metrics group by symbol'
    """
    import sweeplake

    if output is not None and form in (None, "table"):
        form = _by_name(output, FORMATS[1:]) or "csv"
    with sweeplake.open(lake_url, **pin) as lake:
        _deliver(lake, query, None, form or "table", output)


@click.command()
@click.argument("what")
@click.argument("form", required=False, type=click.Choice(EXPORTS))
@lake_option
@click.option("--sweep", metavar="ID", help='Only this sweep; "latest" is the newest.')
@click.option("--strategy", metavar="S", help="Only this strategy.")
@click.option("--symbol", metavar="S", help="Only this symbol.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="File; standard output without it.")
@time_travel
def export(
    what: str, form: str | None, lake_url: str, pin: dict[str, Any], output: str | None, **filters: str | None
) -> None:
    """Export a view or a SELECT as CSV or Parquet.

    WHAT is a view (metrics, trades, equity, bars, sweep_summary, a strategy, ...) or a query.

    \b
    sweeplake export metrics csv --sweep latest -o runs.csv
    sweeplake export "select * from sma_cross where sharpe > 1" parquet -o good.parquet
    """
    import sweeplake
    from queries.export_query import view_query

    chosen = form or (_by_name(output, EXPORTS) if output else None)
    if chosen is None:
        raise click.UsageError(f"name a format ({', '.join(EXPORTS)}), or a file that ends in one")
    with sweeplake.open(lake_url, **pin) as lake:
        sweep = filters.pop("sweep")
        if sweep is not None:
            filters["sweep_id"] = lake.sweep_id(sweep)
        wanted = {name: value for name, value in filters.items() if value is not None}
        query, values = view_query(lake.catalog, what, wanted)
        _deliver(lake, query, values, chosen, output)


def _by_name(output: str, forms: tuple[str, ...]) -> str | None:
    suffix = Path(output).suffix.removeprefix(".").lower()
    return suffix if suffix in forms else None


def _deliver(lake: Any, query: str, values: Any, form: str, output: str | None) -> None:
    """Answer a query as an outsider may ask it, and write the rows as they come."""
    from queries.confine import ConfinedCatalog
    from queries.export import export as write
    from queries.export import export_file

    if output is None and form in BINARY and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal; write it to a file with -o FILE")
    with ConfinedCatalog(lake.catalog.snapshot) as catalog:
        rows = catalog.batches(query, values)
        if output is not None:
            note(f"{counted(export_file(rows, Path(output), form), 'row')} in {output}")
        elif form == "table":
            table = rows.read_all()
            names = _apart(table.column_names)
            print_table(table.rename_columns(names).to_pylist(), names, digits=_DIGITS)
        else:
            sys.stdout.flush()
            write(rows, form, sys.stdout.buffer)


def _apart(names: list[str]) -> list[str]:
    """Return names with later ones of the same numbered, as DuckDB does: a, a_1."""
    taken: list[str] = []
    for name in names:
        other, number = name, 0
        while other in taken:
            number += 1
            other = f"{name}_{number}"
        taken.append(other)
    return taken
