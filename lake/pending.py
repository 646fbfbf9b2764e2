"""Pending: removals, and undos, that were begun and not ended, and whether a pin holds against one."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.choices import Choice
from lake.commits import fence_version
from lake.copying import counter
from lake.lake import Lake
from lake.ownership import is_driven_since
from lake.pins import pins
from lake.policy import Pins
from lake.removal import Removal, plan_removal
from lake.removal_log import RemovalRecord, records, undos_begun


@dataclass(frozen=True)
class Pending:
    """A removal that the next one finishes first, or, where a pin or its undo forbids that, undoes.

    Attributes:
        record: The removal.
        undone: Whether it is undone: something is pinned now that it names, or its undo was begun.
        left: What it has not taken out yet, or the undo has brought back.
    """

    record: RemovalRecord
    undone: bool
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
    found = [record for record in unfinished(lake) if gone_on_with(lake, record) is None]
    begun = undos_begun(lake, found)
    snapshot, count = lake.snapshot(), counter(lake.storage)
    return [
        Pending(
            record,
            record.id in begun or is_pinned(lake, record, further),
            plan_removal(record.at, record.choices, record.runs, snapshot, count),
        )
        for record in found
    ]


def gone_on_with(lake: Lake, record: RemovalRecord) -> str | None:
    """Return a sweep that somebody went on with before a removal had recorded its end; None for none.

    Then it was not to go after all, and the removal is given up.
    """
    if not record.epochs or fence_version(lake, "sweeps", record.id) is not None:
        return None
    driven = (name for name, epoch in record.epochs.items() if is_driven_since(lake, name, epoch))
    return next(driven, None)


def is_pinned(lake: Lake, record: RemovalRecord, further: Pins) -> bool:
    """Return whether a removal names what is pinned, by now."""
    held = pins(lake)
    sweeps = {*further.sweeps, *(pin.id for pin in held if pin.kind == "sweep")}
    runs = {*further.runs, *(pin.id for pin in held if pin.kind == "run")}
    return any(
        not sweeps.isdisjoint((*choice.sweeps, *choice.runs))
        or _names_run(lake, choice, sorted(runs - choice.spared))
        for choice in record.choices
    )


def _names_run(lake: Lake, choice: Choice, runs: Sequence[str]) -> bool:
    """Return whether a choice names one of some runs, itself or by a sweep that has it."""
    ids = pa.array(runs, pa.string())
    if any(pc.any(pc.is_in(named, value_set=ids), min_count=0).as_py() for named in choice.runs.values()):
        return True
    if not runs or not choice.sweeps:
        return False
    asked = Choice("pinned", "sweep", runs=dict.fromkeys(choice.sweeps, ids))
    return any(
        asked.rows_by_bounds(file) != 0 and sum(counter(lake.storage)("metrics", file, [asked]))
        for file in lake.snapshot(["metrics"])["metrics"].files
    )
