"""Sweeps: their newest state, and how those get on that run."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from queries.catalog import Catalog
from queries.errors import UnknownNameError
from queries.given import require_text


def sweep_row(catalog: Catalog, sweep_id: str) -> dict[str, Any]:
    """Return a sweep's newest state as the `sweeps` view has it.

    Raises:
        UnknownNameError: If there is no such sweep.
        BadValueError: If its id is no text.
    """
    require_text("sweep", sweep_id, "give the id of a sweep as text")
    rows = catalog.rows("select * from sweeps where sweep_id = $1", [sweep_id])
    if not rows:
        known = catalog.rows("select sweep_id from sweeps order by sweep_id desc")
        raise UnknownNameError("sweep", sweep_id, [row["sweep_id"] for row in known])
    return rows[0]


def status(catalog: Catalog, sweep_id: str | None = None) -> pa.Table:
    """Return `sweep_summary` of one sweep or of all, newest first.

    `done` counts the runs whose metrics are stored, so it moves while a sweep runs.

    Raises:
        UnknownNameError: If there is no such sweep.
    """
    if sweep_id is not None:
        sweep_row(catalog, sweep_id)
    return catalog.arrow(
        """
        select * from sweep_summary where $1 is null or sweep_id = $1
        order by started_at desc, sweep_id desc
        """,
        [sweep_id],
    )


def failed_runs(catalog: Catalog, sweep_id: str) -> int:
    """Return how many runs of a sweep failed, of those that are committed."""
    rows = catalog.rows("select count(*) as failed from failures where sweep_id = $1", [sweep_id])
    return int(rows[0]["failed"])


# Of each sweep that runs: the runs that ended in the last minute of those that are committed, and the seconds
# that this minute had. What was carried over from other sweeps ended before its driver began.
_PACES = """
with running as (
    select sweep_id, "at" from sweeps where status = 'running' and ($1 is null or sweep_id = $1)
),
ended as (
    select sweep_id, "at", created_at from metrics join running using (sweep_id) where created_at >= "at"
    union all
    select sweep_id, "at", created_at from failures join running using (sweep_id) where created_at >= "at"
),
newest as (select sweep_id, "at", max(created_at) as newest from ended group by all),
minutes as (
    select sweep_id, greatest("at", newest - interval 1 minute) as since, newest from newest
)
select sweep_id, count(*) as runs, epoch(greatest($2, any_value(newest)) - since) as seconds
from ended join minutes using (sweep_id)
where created_at > since
group by sweep_id, since
"""


def paces(catalog: Catalog, now: datetime, sweep_id: str | None = None) -> dict[str, float]:
    """Return the runs a second of one sweep or of all that run, from the last minute with results to now.

    By sweep; one that stands still becomes ever slower, and one that committed nothing has no entry.
    """
    rows = catalog.rows(_PACES, [sweep_id, now])
    return {row["sweep_id"]: row["runs"] / row["seconds"] for row in rows if row["seconds"] > 0}
