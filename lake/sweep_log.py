"""The sweep log: every state change of every sweep, one row each, never rewritten."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.commits import Fence, commit
from lake.lake import Lake
from lake.schemas import TABLES
from lake.snapshot import load_table
from lake.writer import write_rows

RUNNING = "running"
FINISHED = "finished"
FINISHED_WITH_FAILURES = "finished_with_failures"
INTERRUPTED = "interrupted"
CANCELLED = "cancelled"
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
        state: Values by column name of the table `sweeps`; what is left out is NULL, but for `at`: that is
            now, or a little after the sweep's newest state if another machine's clock was ahead.
        fence: The step that the sweep's driver takes in the table; None: whoever records it needs not own it.

    Raises:
        SweepTakenOverError: If a later driver of the sweep recorded a state already.
        KeyError: If a name is not a column.
    """
    schema = TABLES["sweeps"].schema
    row = dict(state) if "at" in state else {**state, "at": _next_at(lake, {state["sweep_id"]})}
    unknown = row.keys() - set(schema.names)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    rows = pa.Table.from_pylist([row], schema=schema)
    commit(lake, "sweeps", [write_rows(lake.storage, "sweeps", rows, {})], fence=fence)


def newest_states(lake: Lake, sweeps: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield the states of each of some sweeps, the newest last."""
    rows = lake.snapshot(["sweeps"]).read("sweeps")
    rows = rows.filter(pc.is_in(rows["sweep_id"], value_set=pa.array(list(sweeps), pa.string())))
    by_sweep: dict[str, list[dict[str, Any]]] = {}
    for row in rows.sort_by([("at", "ascending")]).to_pylist():
        by_sweep.setdefault(row["sweep_id"], []).append(row)
    yield from by_sweep.values()


def put_states(
    lake: Lake, states: Sequence[Mapping[str, Any]], fence: Fence, also: Sequence[Fence] = (), note: str = ""
) -> None:
    """Append states of sweeps, the newest of each, in one commit that a repetition of a step does not repeat.

    The step is taken also where there is no state to append.

    Raises:
        CommitConflictError: If one of the steps is exclusive, and a rival took it.
        SweepTakenOverError: If one of the further steps is that of a sweep which a later driver owns.
    """
    now = _next_at(lake, {state["sweep_id"] for state in states})
    rows = pa.Table.from_pylist([{**state, "at": now} for state in states], schema=TABLES["sweeps"].schema)
    files = [write_rows(lake.storage, "sweeps", rows, {})] if states else []
    commit(lake, "sweeps", files, fence=fence, also=also, note=note)


def _next_at(lake: Lake, sweeps: Collection[str]) -> datetime:
    """Return now, or what follows the newest state of some sweeps, whose machines' clocks may be ahead.

    Told by the bounds in the log, without reading a row.
    """
    files = load_table(lake.storage, "sweeps").files if sweeps else ()
    known: list[datetime] = [
        file.maximum["at"]
        for file in files
        if "at" in file.maximum
        and any(
            file.minimum.get("sweep_id", sweep) <= sweep <= file.maximum.get("sweep_id", sweep)
            for sweep in sweeps
        )
    ]
    return max([datetime.now(UTC), *(at + timedelta(microseconds=1) for at in known)])
