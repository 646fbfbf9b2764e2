"""Sweeps: their newest state."""

from typing import Any

import pyarrow as pa

from queries.catalog import Catalog
from queries.errors import UnknownNameError


def sweep_row(catalog: Catalog, sweep_id: str) -> dict[str, Any]:
    """Return a sweep's newest state as the `sweeps` view has it.

    Raises:
        UnknownNameError: If there is no such sweep.
    """
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
