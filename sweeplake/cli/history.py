"""`sweeplake history`."""

from collections.abc import Sequence
from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.tables import print_table

TABLES = ("metrics", "details", "trades", "equity", "failures", "sweeps", "removals", "bars")
_COLUMNS = ("version", "at", "done", "files_added", "files_removed", "rows_added", "rows_removed")
_OPTIONAL = ("rows_added", "rows_removed", "files_added", "files_removed")


@click.command()
@lake_option
@click.option(
    "--table", type=click.Choice(TABLES), default="metrics", show_default=True, help="Whose versions."
)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(min=0), help="Most versions; 0 is all."
)
@json_option
def history(lake_url: str, table: str, limit: int, as_json: bool) -> None:  # noqa: FBT001
    """Print a table's versions, newest first, and what made them.

    The questions take --version (of metrics) and --as-of to read the lake as it was.
    """
    import sweeplake
    from lake.history import history as commits
    from lake.history import is_left

    with sweeplake.open(lake_url) as lake:
        tables = lake.tables.require()
        entries = commits(tables.storage, table, limit or None)
        now = sum(file.rows for file in tables.snapshot(["metrics"])["metrics"].files)
        version = _with_runs(entries, now) if table == "metrics" else None
        left = version is not None and is_left(tables.storage, table, version)
    rows = [
        {
            "version": entry.version,
            "at": entry.at,
            "done": entry.done,
            "files_added": entry.added,
            "files_removed": entry.removed,
            "rows_added": entry.rows_added,
            "rows_removed": entry.rows_removed,
        }
        for entry in entries
    ]
    if as_json:
        print_json({"table": table, "versions": rows})
        return
    if not rows:
        note(f"the table {table} has no versions yet")
        return
    print_table(rows, _COLUMNS, optional=_OPTIONAL, alike=False)
    if left:
        note(f"read the lake as it was, while vacuum leaves it: {command(f'best --version {version}')}")
    elif version is not None:
        note("files of earlier versions that had runs are gone, by vacuum or lost: not all can be read")


def _with_runs(entries: Sequence[Any], now: int) -> int | None:
    """Return the newest version before the last that has runs, or the last; None if none has.

    Args:
        entries: Versions, newest first.
        now: Rows of the newest.
    """
    left, having = now, list[int]()
    for entry in entries:
        having += [entry.version] if left > 0 else []
        left += entry.rows_removed - entry.rows_added
    earlier = [version for version in having if version != entries[0].version]
    return next(iter(earlier or having), None)
