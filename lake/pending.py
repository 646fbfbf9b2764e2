"""Pending: removals, and undos, that were begun and not ended, and whether a pin holds against one."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.choices import Choice
from lake.commits import fence_version
from lake.copying import counter
from lake.lake import Lake
from lake.ownership import SweepOwnedError, is_driven_since
from lake.pins import pins
from lake.policy import Pins
from lake.receipts import FileReceipt
from lake.removal import Removal, plan_removal
from lake.removal_log import RemovalRecord, attempts, records, undos_begun
from lake.sources import DamagedFileError, verify
from lake.undoable import CannotUndoError, data_file, files_out, require_all_free, require_undoable


@dataclass(frozen=True)
class Pending:
    """A removal that the next one finishes first, or undoes, where something forbids to finish it.

    Attributes:
        record: The removal.
        undone: Whether it is undone: something is pinned now that it names, its undo was begun, or somebody
            has gone on with a sweep of which it takes a part.
        waits: Why it cannot end now: a driver is at work, files are gone or damaged; "" if it can.
        left: What it has not taken out yet, or the undo has brought back.
    """

    record: RemovalRecord
    undone: bool
    waits: str
    left: Removal


def unfinished(lake: Lake) -> list[RemovalRecord]:
    """Return the removals that were begun and neither done nor undone, the oldest first.

    One that was done is among them if its undo was begun: that is what is not finished then.
    """
    held = [record for record in records(lake) if not record.undone]
    begun = undos_begun(lake, [record for record in held if record.done])
    return [record for record in held if not record.done or record.id in begun]


def pending(lake: Lake, further: Pins) -> list[Pending]:
    """Return what would be finished or undone first, what is given up left out; changes nothing.

    Args:
        lake: The lake.
        further: What a policy pins beside the lake's own pins.
    """
    held = unfinished(lake)
    begun = undos_begun(lake, held)
    snapshot, count = lake.snapshot(), counter(lake.storage)
    found = []
    for record in held:
        driven = gone_on_with(lake, record)
        if driven is None or is_decided(lake, record):
            undone = record.id in begun or driven is not None or is_pinned(lake, record, further)
            left = plan_removal(record.at, record.choices, record.runs, snapshot, count)
            waits = _undo_waits(lake, record) if undone else _rest_waits(lake, record, left)
            found.append(Pending(record, undone, waits, left))
    return found


def is_decided(lake: Lake, record: RemovalRecord) -> bool:
    """Return whether the end of a removal's sweeps is recorded; before that it gives way to who goes on."""
    return fence_version(lake, "sweeps", record.id) is not None


def gone_on_with(lake: Lake, record: RemovalRecord) -> str | None:
    """Return a sweep of a removal that somebody went on with since; None for none.

    Then it was not to go after all: the removal is given up, or undone. Nobody goes on with one that goes
    whole once that is recorded.
    """
    over = record.whole if record.epochs and is_decided(lake, record) else frozenset[str]()
    asked = {name: epoch for name, epoch in record.epochs.items() if name not in over}
    return next((name for name, epoch in asked.items() if is_driven_since(lake, name, epoch)), None)


def _undo_waits(lake: Lake, record: RemovalRecord) -> str:
    try:
        require_undoable(lake, [record])
    except (CannotUndoError, SweepOwnedError) as error:
        return str(error)
    return ""


def _rest_waits(lake: Lake, record: RemovalRecord, left: Removal) -> str:
    try:
        require_all_free(lake, record.sweeps)
        for table, losses in left.losses.items():
            verify(lake.storage, table, [loss.file for loss in losses if not loss.whole])
    except (DamagedFileError, SweepOwnedError) as error:
        return str(error)
    return ""


def is_pinned(lake: Lake, record: RemovalRecord, further: Pins) -> bool:
    """Return whether a removal names what is pinned, by now."""
    held = pins(lake)
    sweeps = {*further.sweeps, *(pin.id for pin in held if pin.kind == "sweep")}
    runs = {*further.runs, *(pin.id for pin in held if pin.kind == "run")}
    return any(
        not sweeps.isdisjoint((*choice.sweeps, *choice.runs))
        or _names_run(lake, record, choice, sorted(runs - choice.spared))
        for choice in record.choices
    )


def _names_run(lake: Lake, record: RemovalRecord, choice: Choice, runs: Sequence[str]) -> bool:
    """Return whether a choice names one of some runs, itself or by a sweep that has it, or had it."""
    ids = pa.array(runs, pa.string())
    if any(pc.any(pc.is_in(named, value_set=ids), min_count=0).as_py() for named in choice.runs.values()):
        return True
    if not runs or not choice.sweeps:
        return False
    asked = Choice("pinned", "sweep", runs=dict.fromkeys(choice.sweeps, ids))
    files = [
        (table, file)
        for table, held in lake.snapshot(["metrics", "failures"]).tables.items()
        for file in held.files
    ]
    files += [(file.table, data_file(file)) for file in _taken(lake, record)]
    return any(
        asked.rows_by_bounds(file) != 0 and sum(counter(lake.storage)(table, file, [asked]))
        for table, file in files
    )


def _taken(lake: Lake, record: RemovalRecord) -> list[FileReceipt]:
    """Return the files of runs that a removal took out by now."""
    tried = [attempt for attempt in attempts(lake, record) if attempt.table in ("metrics", "failures")]
    return [file for attempt in tried for file in files_out(attempt)]
