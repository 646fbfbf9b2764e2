"""Removed: when something went that is asked for, and by which line of a policy or which command."""

from dataclasses import dataclass
from datetime import UTC, datetime

from lake.removed_runs import removal_of_run
from lake.sweep_log import REMOVED
from queries.catalog import Catalog
from queries.errors import RemovedError


@dataclass(frozen=True)
class Removed:
    """One removal of a sweep or run.

    Attributes:
        at: When, UTC.
        line: The policy's line, or the command.
    """

    at: datetime
    line: str

    def __str__(self) -> str:
        return f"removed at {self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by {self.line}"


def removed_sweep(catalog: Catalog, sweep_id: str) -> Removed | None:
    """Return the last removal of a whole sweep; None if there was none that is not undone."""
    return _newest(
        catalog, "sweep_id = $1 and run_id is null and scope is distinct from 'failures'", sweep_id
    )


def removed_run(catalog: Catalog, run_id: str) -> Removed | None:
    """Return the last removal that took a run, by itself or with its sweep; None if nobody knows of one.

    What went with a sweep is told by the files that went, as long as vacuum left them, and only of the newest
    snapshot.
    """
    alone = _newest(catalog, "run_id = $1", run_id)
    if alone is not None or catalog.lake is None:
        return alone
    found = removal_of_run(catalog.lake, run_id)
    return found and Removed(*found)


def removed_like(catalog: Catalog, strategy: str, symbol: str) -> Removed | None:
    """Return the last removal of runs of the sweeps that asked a strategy on a symbol."""
    condition = (
        "scope is distinct from 'failures' and sweep_id in "
        "(select sweep_id from sweeps where strategy = $1 and list_contains(symbols, $2))"
    )
    return _newest(catalog, condition, strategy, symbol)


def raise_if_removed(catalog: Catalog, sweep_id: str) -> None:
    """Return if a sweep was not removed, or something is left of it, as a pinned run is.

    Raises:
        RemovedError: Else.
    """
    gone = catalog.rows(
        """
        select 1 as gone from sweeps where sweep_id = $1 and status = $2
        and not exists (select 1 from metrics where sweep_id = $1)
        """,
        [sweep_id, REMOVED],
    )
    found = removed_sweep(catalog, sweep_id) if gone else None
    if found is not None:
        raise RemovedError("sweep", sweep_id, str(found))


def _newest(catalog: Catalog, condition: str, *values: str) -> Removed | None:
    query = f"select removed_at, reason from removals where {condition} order by removed_at desc limit 1"  # noqa: S608
    rows = catalog.rows(query, values)
    return Removed(rows[0]["removed_at"], rows[0]["reason"]) if rows else None
