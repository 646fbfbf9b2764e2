"""Watching a query: the same question of one fresh snapshot after another."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from queries.errors import BadValueError
from queries.values import plain
from sweeplake.cli.answers import to_table

if TYPE_CHECKING:
    from lake.snapshot import Snapshot
    from queries.confine import ConfinedCatalog
    from sweeplake.lake import Lake

LEAST_SECONDS, MOST_SECONDS = 0.1, 86_400.0
"""From one question to the next."""


class Seconds(click.ParamType[float]):
    """Seconds from one question to the next."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ARG002
        """Return the seconds that a text names."""
        return watch_seconds(value)


def watch_seconds(given: str | float) -> float:
    """Return the seconds from one question to the next that a text names.

    Raises:
        BadValueError: If it is no number, or too small or large a one; NaN is none.
    """
    reason = f"give seconds from {LEAST_SECONDS:g} to {MOST_SECONDS:g}, e.g. 5"
    try:
        seconds = float(given)
    except ValueError as error:
        raise BadValueError("watch", given, reason) from error
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise BadValueError("watch", given, reason)
    return seconds


def watched(lake: "Lake", query: str, form: str, seconds: float) -> None:
    """Answer a query again and again until Ctrl-C, each time over the newest snapshot.

    Args:
        lake: The lake; what it reads itself stays as it is.
        query: One SELECT.
        form: table, in place on a terminal; json prints one array of row objects a line.
        seconds: From one question to the next; less if an answer takes longer.

    Raises:
        KeyboardInterrupt: At Ctrl-C.
        QueryError: If it cannot be answered.
    """
    from queries.confine import ConfinedCatalog

    catalog = ConfinedCatalog(lake.snapshot())
    try:
        while True:
            due = time.monotonic() + seconds
            _print(catalog, query, form, seconds)
            time.sleep(max(0.0, due - time.monotonic()))
            newest = lake.snapshot()
            if _versions(newest) != _versions(catalog.snapshot):
                catalog.close()
                catalog = ConfinedCatalog(newest)
    finally:
        catalog.close()


def _versions(snapshot: "Snapshot") -> dict[str, int]:
    return {name: table.version for name, table in snapshot.tables.items()}


def _print(catalog: "ConfinedCatalog", query: str, form: str, seconds: float) -> None:
    from queries.holding import fitting, holdable

    rows = holdable(catalog.batches(query))
    if form == "json":
        with fitting(form):
            held = rows.read_all().to_pylist()
        click.echo(json.dumps(plain(held), ensure_ascii=False, default=str))
    elif sys.stdout.isatty():
        table = rows.read_all()
        click.clear()
        click.echo(click.style(f"every {seconds:g} s, {datetime.now(UTC):%H:%M:%S} UTC", dim=True))
        to_table(table.to_reader())
    else:
        to_table(rows)
        click.echo()
    sys.stdout.flush()
