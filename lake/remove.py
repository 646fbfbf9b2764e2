"""Removing: a planned removal, done table by table behind the maintenance fence."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.choices import REMOVAL_ORDER, SCOPES, Choice, mask_of
from lake.commits import EPOCH_BITS, CommitConflictError, Fence, SweepTakenOverError, commit
from lake.copying import copy_rows, counter, remembered
from lake.given_up import PinnedMeanwhileError, RemovalUndoneError
from lake.lake import Lake
from lake.maintenance import fenced, until_no_conflict
from lake.ownership import SweepOwnedError, newest_epoch
from lake.owning import own
from lake.pending import gone_on_with, is_decided, is_pinned, unfinished
from lake.policy import Pins
from lake.receipts import FileReceipt
from lake.removal import Count, FileLoss, Removal, losses_of
from lake.removal_log import (
    RemovalRecord,
    begin,
    is_undone,
    note_attempt,
    note_end,
    removing,
    undoing,
    undone,
)
from lake.retiring import not_removed, retire
from lake.schemas import TABLES
from lake.sources import DamagedFileError, verify
from lake.sweep_log import REMOVED, newest_states, put_states
from lake.undo import undo
from lake.undoable import CannotUndoError
from lake.writer import write_rows

STATES = "sweeps"
NO_PINS = Pins()


def remove(lake: Lake, removal: Removal, further: Pins = NO_PINS) -> RemovalRecord | None:
    """Do what a removal plans; None if it plans nothing.

    First the state `removed` of its sweeps, which nobody goes on with from then on (`retiring`), and the
    rows of `removals`, then each table in one commit, details first, so that no reader meets half a run.
    Files stay until vacuum; `lake.undo` brings them back. After a crash at any point `finish_removals` does
    the rest: call it before planning the next. What rivals rewrote meanwhile is planned again. An undo that
    comes meanwhile stops it: each commit is one that the undo's step in the same table keeps out.

    Sweeps without rows are removed as well: that is their state, and their row of `removals`.

    Args:
        lake: The lake.
        removal: What goes.
        further: What is pinned beside the lake's own pins; both are asked once more before rows go, and again
            before those of each table do.

    Raises:
        PinnedMeanwhileError: If something that it names was pinned since it was planned; what had gone by
            then is back, or, while a driver runs one of its sweeps, `finish_removals` brings it back.
        DamagedFileError: If a file that is to be rewritten is not what was written; nothing was removed.
        SweepOwnedError: If a driver runs one of its sweeps; nothing was removed.
        SweepTakenOverError: If a driver took one over meanwhile. One that was to go whole is whole then; what
            is gone of another one `finish_removals` brings back.
        RemovalUndoneError: If it was undone meanwhile; what it had taken out comes back.
        CommitConflictError: If rivals overtook it too often; `finish_removals` does the rest.
    """
    if removal.empty and not _some_left(lake, _whole(removal.choices)):
        return None
    for table, losses in removal.losses.items():
        verify(lake.storage, table, [loss.file for loss in losses if not loss.whole])
    fences = retire(lake, _whole(removal.choices))
    parts = _owned(lake, removal.choices)
    epochs = {name: fence.version >> EPOCH_BITS for name, fence in (fences | parts).items()}
    record = begin(lake, removal, epochs)
    if is_pinned(lake, record, further) and _given_up(lake, record):
        note_end(lake, record, "undone")
        raise PinnedMeanwhileError(record.id, is_back=True)
    _decide(lake, record, fences.values)
    try:
        _perform(lake, record, _recalling(lake, removal), further, parts.values())
    except PinnedMeanwhileError:
        try:
            undo(lake, record)
        except (SweepOwnedError, SweepTakenOverError) as error:  # a driver went on with what is not to go
            raise PinnedMeanwhileError(record.id, is_back=False) from error
        raise
    return record


def finish_removals(lake: Lake, further: Pins = NO_PINS) -> list[RemovalRecord]:
    """Finish removals, and undos, that were cut off, and return how they ended; safe to repeat.

    One whose undo was begun is undone to its end, and so is one that names what is pinned by now: a pin holds
    against what was not done yet. So is one of which somebody has gone on with a sweep since; if it had taken
    nothing out yet, it is given up. If a file of what it took is gone or damaged, it stays as it is.

    Args:
        lake: The lake.
        further: What is pinned beside the lake's own pins.
    """
    ended = (_finish(lake, record, further) for record in unfinished(lake))
    return [record for record in ended if record is not None]


def _finish(lake: Lake, record: RemovalRecord, further: Pins) -> RemovalRecord | None:
    try:
        is_over = is_decided(lake, record) and gone_on_with(lake, record) is not None
        if not (record.done or is_over or is_pinned(lake, record, further)):
            _decide(lake, record, lambda: _retired_again(lake, record))
            parts = _owned(lake, record.choices).values()
            _perform(lake, record, counter(lake.storage), further, parts)
            return replace(record, done=True)
    except (DamagedFileError, SweepOwnedError, SweepTakenOverError):
        return None
    except (RemovalUndoneError, PinnedMeanwhileError):
        pass
    try:
        undo(lake, record)
    except (CannotUndoError, DamagedFileError, SweepOwnedError, SweepTakenOverError):
        return None
    return replace(record, undone=True)


def _retired_again(lake: Lake, record: RemovalRecord) -> Collection[Fence]:
    """Own the sweeps of a removal that was cut off, as it had owned them.

    Raises:
        SweepTakenOverError: If somebody has gone on with one since: then it was not to go after all.
        SweepOwnedError: If somebody does just now.
    """
    driven = gone_on_with(lake, record)
    if driven is not None:
        raise SweepTakenOverError(driven, record.epochs[driven], newest_epoch(lake, driven))
    return retire(lake, _whole(record.choices)).values()


def _decide(lake: Lake, record: RemovalRecord, claimed: Callable[[], Collection[Fence]]) -> None:
    """Record that its sweeps are removed, or, where somebody runs one of them, that it is given up.

    Either takes the same step of the table `sweeps`, so that all who finish a removal go one way.
    """
    if not is_decided(lake, record):
        try:
            _record_states(lake, record, claimed())
        except (SweepOwnedError, SweepTakenOverError):
            if _given_up(lake, record):
                note_end(lake, record, "undone")
                raise
    if is_undone(lake, record):
        raise RemovalUndoneError(record.id)


def _given_up(lake: Lake, record: RemovalRecord) -> bool:
    """Give a removal up; False if another process began with it meanwhile."""
    fence = Fence(record.id, 1, exclusive=True)
    try:
        commit(lake, STATES, [], fence=fence, also=[undoing(record, 0)])
    except CommitConflictError:
        return False
    return True


@contextmanager
def _unless_undone(record: RemovalRecord) -> Iterator[None]:
    """Tell of a commit of a removal that an undo kept out what came between.

    Raises:
        RemovalUndoneError: Instead of the error that the step of the undo is.
    """
    try:
        yield
    except SweepTakenOverError as error:
        if error.sweep_id == undone(record):
            raise RemovalUndoneError(record.id) from error
        raise


def _owned(lake: Lake, choices: Sequence[Choice]) -> dict[str, Fence]:
    """Own the sweeps of which a part goes; return what each commit to a table carries, by sweep.

    A driver that commits again what goes meanwhile would leave half of a run.

    Raises:
        SweepOwnedError: If a driver of one of them is alive.
        SweepTakenOverError: If one was taken over meanwhile.
    """
    named = {sweep for choice in choices for sweep in (*choice.sweeps, *choice.runs)}
    held = own(lake, not_removed(lake, sorted(named.difference(_whole(choices)))), for_good=True)
    return {name: owned.fence for name, owned in held.items()}


def _perform(
    lake: Lake, record: RemovalRecord, count: Count, further: Pins, parts: Collection[Fence]
) -> None:
    def take_from(table: str) -> bool:
        return _remove_from(lake, record, table, count, further, parts)

    _require_not_pinned(lake, record, further)
    _record_rows(lake, record)
    for table in REMOVAL_ORDER:
        until_no_conflict(lambda table=table: take_from(table))  # type: ignore[misc]
    _require_not_pinned(lake, record, further)  # whoever pins looks once more after that whether it is there
    note_end(lake, record, "done")


def _require_not_pinned(lake: Lake, record: RemovalRecord, further: Pins) -> None:
    """Return if nothing that a removal names is pinned by now."""
    if is_pinned(lake, record, further):
        raise PinnedMeanwhileError(record.id, is_back=True)


def _remove_from(
    lake: Lake, record: RemovalRecord, table: str, count: Count, further: Pins, parts: Collection[Fence]
) -> bool:
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
    _require_not_pinned(lake, record, further)  # copies take their time
    with _unless_undone(record):
        taken, note = [loss.file for loss in losses], f"removal {record.id}"
        held.commit(added, taken, note, [removing(record), *parts])
    return True


def _record_rows(lake: Lake, record: RemovalRecord) -> None:
    rows = [row for choice in record.choices for row in _removals(choice, record)]
    if rows:
        table = pa.Table.from_pylist(rows, schema=TABLES["removals"].schema)
        file = write_rows(lake.storage, "removals", table, {})
        with _unless_undone(record):
            note = f"removal {record.id}: its record"
            commit(lake, "removals", [file], fence=Fence(record.id, 1), also=[removing(record)], note=note)


def _removals(choice: Choice, record: RemovalRecord) -> Iterator[dict[str, Any]]:
    if choice.scope == "details":
        return
    common = {"removed_at": record.at, "reason": choice.line, "scope": choice.scope}
    for sweep in sorted(choice.sweeps):
        runs = record.runs.get(sweep, 0) if choice.concerns("metrics") else 0
        yield {"sweep_id": sweep, "run_id": None, "runs": runs, **common}
    for sweep, ids in choice.runs.items():
        for run in ids.to_pylist():
            yield {"sweep_id": sweep, "run_id": run, "runs": 1, **common}


def _record_states(lake: Lake, record: RemovalRecord, fences: Collection[Fence]) -> None:
    newest = [states[-1] for states in newest_states(lake, _whole(record.choices))]
    states = [{**state, "status": REMOVED} for state in newest if state["status"] != REMOVED]
    with _unless_undone(record):
        note = f"removal {record.id}: states of its sweeps"
        put_states(lake, states, Fence(record.id, 1), [*fences, removing(record)], note)


def _some_left(lake: Lake, sweeps: Sequence[str]) -> bool:
    """Return whether any of some sweeps is not recorded as removed yet."""
    return any(states[-1]["status"] != REMOVED for states in newest_states(lake, sweeps))


def _whole(choices: Sequence[Choice]) -> list[str]:
    """Return the sweeps of which everything goes, their metrics at least."""
    return sorted(
        {sweep for choice in choices if "metrics" in SCOPES[choice.scope] for sweep in choice.sweeps}
    )


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
