"""The sweep log: every state change of every sweep, one row each, never rewritten."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lake.commits import Fence, commit
from lake.lake import Lake
from lake.schemas import TABLES
from lake.writer import write_rows

RUNNING = "running"
FINISHED = "finished"
FINISHED_WITH_FAILURES = "finished_with_failures"
INTERRUPTED = "interrupted"
FAILED = "failed"
REMOVED = "removed"


def new_sweep_id(started_at: datetime) -> str:
    """Return an id that sorts by start time and that no other sweep has."""
    at = started_at.astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}-{secrets.token_hex(3)}"


def record_state(lake: Lake, state: Mapping[str, Any], fence: Fence | None = None) -> None:
    """Append one state of a sweep, once, also if an answer of the storage is lost.

    Args:
        lake: The lake.
        state: Values by column name of the table `sweeps`; `at` is added, what is left out is NULL.
        fence: The step that the sweep's driver takes in the table; None: whoever records it needs not own it.

    Raises:
        SweepTakenOverError: If a later driver of the sweep recorded a state already.
        KeyError: If a name is not a column.
    """
    schema = TABLES["sweeps"].schema
    row = {"at": datetime.now(UTC), **state}
    unknown = row.keys() - set(schema.names)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    rows = pa.Table.from_pylist([row], schema=schema)
    commit(lake, "sweeps", [write_rows(lake.storage, "sweeps", rows, {})], fence=fence)
