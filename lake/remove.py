"""Removing: a planned removal, done table by table behind the maintenance fence."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.choices import REMOVAL_ORDER, SCOPES, Choice, mask_of
from lake.commits import CommitConflictError, Fence, commit
from lake.copying import copy_rows, counter, remembered
from lake.lake import Lake
from lake.maintenance import fenced
from lake.receipts import FileReceipt
from lake.removal import Count, FileLoss, Removal, losses_of
from lake.removal_log import RemovalRecord, begin, note_attempt, note_end, records
from lake.schemas import TABLES
from lake.sweep_log import REMOVED
from lake.writer import write_rows

ATTEMPTS = 20


def remove(lake: Lake, removal: Removal) -> RemovalRecord | None:
    """Do what a removal plans; None if it plans nothing.

    First the rows of `removals` and the state `removed`, then each table in one commit, details first, so
    that no reader meets half a run. Files stay until vacuum; `lake.undo` brings them back. After a crash at
    any point `finish_removals` does the rest: call it before planning the next. What rivals rewrote meanwhile
    is planned again.

    Raises:
        CommitConflictError: If rivals overtook it too often; `finish_removals` does the rest.
    """
    if removal.empty:
        return None
    record = begin(lake, removal)
    _perform(lake, record, _recalling(lake, removal))
    return record


def finish_removals(lake: Lake) -> list[RemovalRecord]:
    """Finish the removals that were cut off, and return them; safe to repeat, and beside others."""
    unfinished = [record for record in records(lake) if not (record.done or record.undone)]
    for record in unfinished:
        _perform(lake, record, counter(lake.storage))
    return unfinished


def until_no_conflict(attempt: Callable[[], bool]) -> None:
    """Try a step of maintenance, planned anew each time, until no rival overtakes it.

    Raises:
        CommitConflictError: If rivals overtook it too often.
    """
    for number in range(ATTEMPTS):
        try:
            attempt()
        except CommitConflictError:
            if number == ATTEMPTS - 1:
                raise
            time.sleep(min(0.01 * 2**number, 1.0))
        else:
            return


def newest_states(lake: Lake, sweeps: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield the states of each of some sweeps, the newest last."""
    rows = lake.snapshot(["sweeps"]).read("sweeps")
    rows = rows.filter(pc.is_in(rows["sweep_id"], value_set=pa.array(list(sweeps), pa.string())))
    by_sweep: dict[str, list[dict[str, Any]]] = {}
    for row in rows.sort_by([("at", "ascending")]).to_pylist():
        by_sweep.setdefault(row["sweep_id"], []).append(row)
    yield from by_sweep.values()


def put_states(lake: Lake, states: Sequence[dict[str, Any]], step: str) -> None:
    """Append states of sweeps, now, in one commit that a repetition of the same step does not repeat."""
    if states:
        now = datetime.now(UTC)
        rows = pa.Table.from_pylist(
            [{**state, "at": now} for state in states], schema=TABLES["sweeps"].schema
        )
        commit(lake, "sweeps", [write_rows(lake.storage, "sweeps", rows, {})], fence=Fence(step, 1))


def _perform(lake: Lake, record: RemovalRecord, count: Count) -> None:
    _record_rows(lake, record)
    _record_states(lake, record)
    for table in REMOVAL_ORDER:
        until_no_conflict(lambda table=table: _remove_from(lake, record, table, count))  # type: ignore[misc]
    note_end(lake, record, "done")


def _remove_from(lake: Lake, record: RemovalRecord, table: str, count: Count) -> bool:
    held = fenced(lake, table)
    losses = losses_of(table, held.snapshot.files, record.choices, count)
    if not losses:
        return False
    choices = [choice for choice in record.choices if choice.concerns(table)]

    def left(rows: pa.RecordBatch) -> pa.Array:
        return pc.invert(mask_of(choices, rows))

    added: list[FileReceipt] = []
    for loss in losses:
        if not loss.whole:
            added += copy_rows(lake.storage, table, loss.file, left)
    note_attempt(lake, record, held, losses, added)
    held.commit(added, [loss.file for loss in losses], f"removal {record.id}")
    return True


def _record_rows(lake: Lake, record: RemovalRecord) -> None:
    rows = [row for choice in record.choices for row in _removals(choice, record)]
    if rows:
        table = pa.Table.from_pylist(rows, schema=TABLES["removals"].schema)
        file = write_rows(lake.storage, "removals", table, {})
        commit(lake, "removals", [file], fence=Fence(record.id, 1))


def _removals(choice: Choice, record: RemovalRecord) -> Iterator[dict[str, Any]]:
    if "metrics" not in SCOPES[choice.scope]:
        return
    common = {"removed_at": record.at, "reason": choice.line}
    for sweep in sorted(choice.sweeps):
        yield {"sweep_id": sweep, "run_id": None, "runs": record.runs.get(sweep, 0), **common}
    for sweep, ids in choice.runs.items():
        for run in ids.to_pylist():
            yield {"sweep_id": sweep, "run_id": run, "runs": 1, **common}


def _record_states(lake: Lake, record: RemovalRecord) -> None:
    whole = {
        sweep for choice in record.choices if "metrics" in SCOPES[choice.scope] for sweep in choice.sweeps
    }
    if whole:
        newest = [states[-1] for states in newest_states(lake, sorted(whole))]
        states = [{**state, "status": REMOVED} for state in newest if state["status"] != REMOVED]
        put_states(lake, states, record.id)


def _recalling(lake: Lake, removal: Removal) -> Count:
    """Return a count that need not read again what the plan has counted."""
    known = {
        (table, loss.file.path): _concerned(removal, table, loss)
        for table, losses in removal.losses.items()
        for loss in losses
    }
    return remembered(counter(lake.storage), known)


def _concerned(removal: Removal, table: str, loss: FileLoss) -> list[int]:
    pairs = zip(removal.choices, loss.rows, strict=True)
    return [rows for choice, rows in pairs if choice.concerns(table)]
