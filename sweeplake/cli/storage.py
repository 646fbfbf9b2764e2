"""`sweeplake storage`."""

from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.tables import print_table

_COUNTS = ("files", "row_count", "size_bytes")
_SHARES = ("files", "shared_files", "row_count", "size_bytes")


@click.command()
@lake_option
@click.option("--sweep", metavar="ID", help='What this sweep takes, by table; "latest" is the newest.')
@json_option
@time_travel
def storage(lake_url: str, pin: dict[str, Any], sweep: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Print rows, files and bytes by table and sweep.

    A file of several sweeps counts for each by its rows. What vacuum has yet to take is not counted.
    """
    import sweeplake
    from queries.storage import sweep_storage, sweep_totals, table_storage

    with sweeplake.open(lake_url, **pin) as lake:
        chosen = lake.sweep_id(sweep) if sweep else None
        tables = table_storage(lake.catalog).to_pylist()
        by_table = as_json or chosen is not None
        shares = sweep_storage(lake.catalog, chosen) if by_table else sweep_totals(lake.catalog)
    sweeps = shares.to_pylist()
    if as_json:
        print_json({"tables": tables, "sweeps": sweeps})
        return
    if not tables:
        note(f"nothing is stored yet; bring bars with `{command('ingest FILE')}`")
        return
    print_table(tables, ("table_name", *_COUNTS), "Tables")
    if sweeps:
        click.echo()
        place = ("sweep_id", "table_name") if chosen else ("sweep_id",)
        print_table(sweeps, (*place, *_SHARES), "Sweeps", optional=("files", "shared_files"))
