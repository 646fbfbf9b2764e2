"""Undo: what a removal took out comes back, as long as vacuum has not taken its files."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lake.choices import Choice, mask_of
from lake.clock import store_time
from lake.commits import Fence, SweepTakenOverError, commit
from lake.copying import KEYS, batches, copy_rows
from lake.lake import Lake
from lake.maintenance import fenced, until_no_conflict
from lake.ownership import SweepOwnedError
from lake.owning import own
from lake.pending import is_decided, unfinished
from lake.receipts import FileReceipt
from lake.removal_log import FOLDER, Attempt, RemovalRecord, note_end, records, undoing, undos_begun
from lake.retiring import not_removed
from lake.schemas import COMMIT_ORDER
from lake.snapshot import DataFile, TableSnapshot
from lake.sources import DamagedFileError
from lake.sweep_log import REMOVED, newest_states, put_states
from lake.undoable import CannotUndoError, data_file, files_out, require_files, require_whole, taken_by
from lake.vacuum import SAFE_AGE

NAMED_AGAIN = SAFE_AGE - timedelta(hours=1)
"""Files of a younger removal are named again: until this undo is done no vacuum of `SAFE_AGE` plans them."""


SILENCE = timedelta(minutes=1)
"""A removal of which nothing is heard for so long was cut off."""
TABLES_OF_REMOVALS = ("sweeps", "removals", *COMMIT_ORDER)
"""Tables that a removal commits to."""


@dataclass(frozen=True)
class Undone:
    """What came back.

    Attributes:
        id: The removal.
        rows: Rows that came back, by table.
    """

    id: str
    rows: Mapping[str, int]


def undo(lake: Lake, record: RemovalRecord) -> Undone:
    """Bring back exactly the rows that a removal took out; what was appended since stays.

    Files that went whole are named again, files that were rewritten come back for what was left of them, or,
    if that was rewritten since, their lost rows alone. Details come last. Rows of the removal that are there
    again, because a crash cut an earlier undo off or a sweep was computed anew, are not doubled: repeat it
    freely.

    A removal that is at work, or was cut off, is shut out of every table first, by a step that none of its
    commits comes after: what it took out by then comes back, and it takes out nothing more.

    A vacuum may have planned to delete the files of a removal that is not young any more (`NAMED_AGAIN`, by
    the store's clock): they are copied, all of them before any is named, and the copies are. What remains is
    an undo that takes over an hour to name the files of a removal that was young when it began, and one
    beside a vacuum that was forced to a lower age, if it names a file while a request to delete it is on its
    way.

    What a later removal took stays out, trades and equity of its runs too, until that one is undone.

    A driver that computes again what a repair took out of one of its sweeps would double what comes back: it
    owns these sweeps (`owning`), and whoever computes after it finds what came back. Torn batches of
    them are in nobody's way here.

    Raises:
        CannotUndoError: If a file that is needed is gone or damaged; nothing was changed.
        SweepOwnedError: If a driver runs one of its sweeps; nothing was changed.
        SweepTakenOverError: If a driver took one over meanwhile; repeat it.
        CommitConflictError: If rivals overtook it too often; repeat it.
    """
    back = taken_by(lake, record)
    require_files(lake, record, back.values())
    require_whole(lake, record, back.values())
    if not _is_young(lake, record):
        back = {place: _copied(lake, record, attempt) for place, attempt in back.items()}
    fences = [
        held.fence for held in own(lake, not_removed(lake, sorted(record.sweeps)), for_good=True).values()
    ]
    for table in TABLES_OF_REMOVALS:
        commit(lake, table, [], fence=undoing(record, 0), note=f"undo of removal {record.id}")
    back = {**taken_by(lake, record), **back}
    rows: dict[str, int] = {}

    def bring_back(table: str) -> bool:
        taken = [attempt for attempt in back.values() if attempt.table == table]
        rows[table] = _bring_back(lake, record, table, taken, fences)
        return True

    for table in COMMIT_ORDER:
        until_no_conflict(lambda table=table: bring_back(table))  # type: ignore[misc]
    until_no_conflict(lambda: _forget(lake, record))
    _restore_states(lake, record)
    note_end(lake, record, "undone")
    return Undone(record.id, {table: count for table, count in rows.items() if count})


def undo_unfinished(lake: Lake, sweep_id: str) -> list[Undone]:
    """Bring a sweep back as it was, before somebody goes on with it; safe to repeat.

    What a removal took out of it that was cut off, and of which nothing was heard for a minute, comes back,
    and an undo that was cut off comes to its end. One of which files are gone or damaged stays as it is, and
    one that somebody is at: its next commit is stopped by whoever goes on.
    """
    held = [record for record in unfinished(lake) if sweep_id in record.sweeps]
    begun, done = undos_begun(lake, held), []
    for record in held:
        is_part = sweep_id not in record.whole and is_decided(lake, record)
        if record.id in begun or (is_part and _is_silent(lake, record)):
            with suppress(CannotUndoError, DamagedFileError, SweepOwnedError, SweepTakenOverError):
                done.append(undo(lake, record))
    return done


def _is_silent(lake: Lake, record: RemovalRecord) -> bool:
    """Return whether nobody put anything down for a removal in the last minute, by the store's clock."""
    times = [file.modified_at for file in lake.storage.walk(f"{FOLDER}/{record.id}")]
    return bool(times) and store_time(lake.storage) - max(times) > SILENCE


def _is_young(lake: Lake, record: RemovalRecord) -> bool:
    begun = lake.storage.modified(f"{FOLDER}/{record.id}/plan.json")
    return begun is not None and store_time(lake.storage) - begun < NAMED_AGAIN


def _copied(lake: Lake, record: RemovalRecord, attempt: Attempt) -> Attempt:
    """Return a commit with copies of the files that it took out, which lie there and are named nowhere."""

    def every(rows: pa.RecordBatch) -> pa.Array:
        return pa.repeat(pa.scalar(value=True), rows.num_rows)

    def copies(files: Sequence[FileReceipt]) -> tuple[FileReceipt, ...]:
        copied = (copy_rows(lake.storage, attempt.table, data_file(file), every) for file in files)
        return tuple(copy for held in copied for copy in held)

    try:
        return replace(attempt, dropped=copies(attempt.dropped), rewritten=copies(attempt.rewritten))
    except (DamagedFileError, FileNotFoundError) as error:
        raise CannotUndoError(record.id, f"a file of it cannot be copied: {error}") from error


def _bring_back(
    lake: Lake, record: RemovalRecord, table: str, taken: Sequence[Attempt], fences: Sequence[Fence]
) -> int:
    """Commit the files of one table again; return the rows that came back."""
    if not taken:
        return 0
    held = fenced(lake, table)
    choices = [choice for choice in record.choices if choice.concerns(table)]
    present = _present(lake, held.snapshot, choices)
    gone = _gone_since(lake, record)
    visible = {file.path: file for file in held.snapshot.files}

    def lost(rows: pa.RecordBatch) -> pa.Array:
        return pc.and_not(mask_of(choices, rows), mask_of([present, *gone], rows))

    adds: list[FileReceipt] = []
    removes: list[DataFile] = []
    for attempt in taken:
        swapped = not (present.runs or gone) and all(file.path in visible for file in attempt.added)
        whole = [*attempt.dropped, *attempt.rewritten] if swapped else attempt.dropped
        if not (present.runs or gone):
            adds += whole
            removes += [visible[file.path] for file in attempt.added if swapped]
        for file in files_out(attempt):
            if present.runs or gone or file not in whole:
                adds += copy_rows(lake.storage, table, data_file(file), lost)
    if adds:
        held.commit(adds, removes, f"undo of removal {record.id}", fences)
    return sum(file.rows for file in adds) - sum(file.rows for file in removes)


def _gone_since(lake: Lake, record: RemovalRecord) -> list[Choice]:
    """Return the runs that later removals took, and keep out: nothing of them comes back before they do."""
    later = [other for other in records(lake) if other.id > record.id and not other.undone]
    begun = undos_begun(lake, later)
    return [
        choice
        for other in later
        if other.id not in begun
        for choice in other.choices
        if choice.concerns("metrics")
    ]


def _present(lake: Lake, snapshot: TableSnapshot, choices: Sequence[Choice]) -> Choice:
    """Return the runs of some choices that a table has now."""
    found: dict[str, set[str]] = {}
    for file in snapshot.files:
        if any(choice.rows_by_bounds(file) != 0 for choice in choices):
            for rows in batches(lake.storage, snapshot.name, file, KEYS):
                held = rows.filter(mask_of(choices, rows))
                keys = pa.Table.from_batches([held]).group_by(list(KEYS)).aggregate([])
                for key in keys.to_pylist():
                    found.setdefault(key["sweep_id"], set()).add(key["run_id"])
    runs = {sweep: pa.array(sorted(ids), pa.string()) for sweep, ids in found.items()}
    return Choice("present", "sweep", runs=runs)


def _forget(lake: Lake, record: RemovalRecord) -> bool:
    """Take the removal's own rows out of `removals`, so that what came back does not count as removed."""
    held = fenced(lake, "removals")

    def others(rows: pa.RecordBatch) -> pa.Array:
        return pc.not_equal(rows.column("removed_at"), pa.scalar(record.at, rows.column("removed_at").type))

    files = [
        file
        for file in held.snapshot.files
        if any(others(rows).false_count for rows in batches(lake.storage, "removals", file, ["removed_at"]))
    ]
    added = [copy for file in files for copy in copy_rows(lake.storage, "removals", file, others)]
    if files:
        held.commit(added, files, f"undo of removal {record.id}")
    return bool(files)


def _restore_states(lake: Lake, record: RemovalRecord) -> None:
    """Append the state that each sweep had which it removed, and which no other removal that stands did."""
    others = [other for other in records(lake) if other.id != record.id and not other.undone]
    mine = record.whole.difference(*(other.whole for other in others))
    before = [
        next((state for state in reversed(states) if state["status"] != REMOVED), None)
        for states in newest_states(lake, sorted(mine))
        if states[-1]["status"] == REMOVED
    ]
    note = f"undo of removal {record.id}: states of its sweeps"
    put_states(lake, [state for state in before if state is not None], undoing(record, 1), note=note)
