"""Losing: files that are missing or damaged go, with everything of the blocks that they held rows of.

What goes of each sweep is planned once nobody else can commit for it (`owning`), put down (`lost`), and
taken out table by table, details first. A loss of some files alone is planned on these as they lie. Where
compaction merges one of them with others before it is out, all blocks of its symbol go instead, put down
anew. So they do of a repair that was cut off: nobody knows how far it came, nor what a driver computed since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from lake.apart import read_apart
from lake.choices import REMOVAL_ORDER
from lake.commits import Fence
from lake.copying import batches
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake
from lake.loss_plan import plan_loss, widened
from lake.lost import Loss, unfinished_losses
from lake.owning import Owned, own
from lake.removal_log import named_sweeps
from lake.schemas import COMMIT_ORDER
from lake.snapshot import DataFile, Snapshot
from lake.sources import DamagedFileError
from lake.still_lost import still_lost
from lake.storage import Storage
from lake.taking_out import Cut, may_hold, take_out

Files = Mapping[str, Sequence[DataFile]]
"""Committed files, by table."""


@dataclass(frozen=True)
class Dropped:
    """What was taken out.

    Attributes:
        files: Files that went whole, for they cannot be read.
        whole: Files that were to go, and stayed: read once more they are as they were written.
        finished: Repairs that were cut off, and are finished now.
        sweeps: Sweeps that `resume` computes something of again, sorted.
    """

    files: int = 0
    whole: int = 0
    finished: int = 0
    sweeps: tuple[str, ...] = ()


def drop_lost(lake: Lake, lost: Files, sweeps: KnownSweeps) -> Dropped:
    """Take files out that are missing or damaged, and finish the repairs that were cut off; safe to repeat.

    Each file is read once more first, and stays if it is whole by now. What goes is put down before it does,
    and counts as not computed from the end of this on: `resume` does it again.
    A sweep whose journal is gone loses the files and nothing else.

    Args:
        lake: The lake.
        lost: The files, by table.
        sweeps: The sweeps of the lake.

    Raises:
        SweepOwnedError: If a driver of a sweep that has rows in one of them is alive; nothing was taken out.
        SweepTakenOverError: If one was taken over meanwhile; the next repair finishes this one.
        DamagedFileError: If rows that go lie in a file that is damaged as well; the next repair that takes
            that one out, too, finishes this one.
        LakeUnreachableError: If the storage does not answer, or does not let a file be read that is to go.
        CheckFailedError: If the process that reads footers could not do it.
    """
    storage = lake.storage
    gone = sweeps.removed - named_sweeps(lake)  # what a removal names an undo may bring back
    begun = unfinished_losses(storage, gone)
    if not begun and not any(lost.values()):
        return Dropped()
    named = _with_those_of(lake.snapshot(), lost, begun)
    lost = still_lost(storage, named)
    whole = _count(named) - _count(lost)
    touched = _touched(storage, lost, sweeps, gone)
    owned = own(lake, {loss.sweep_id for loss in begun}.union(*touched.values()))
    now = lake.snapshot()
    lost = {table: _visible(now, table, files) for table, files in lost.items()}
    losses = [widened(loss, owned[loss.sweep_id].batches) for loss in begun if loss.sweep_id in owned]
    losses += _planned(now, lost, touched, owned)
    ended = [*losses, *begun]
    fences = [held.fence for held in owned.values()]
    for loss in losses:
        loss.put(storage)
    while not taken_out(lake, losses, lost, fences):
        wide = [widened(loss, owned[loss.sweep_id].batches) for loss in losses if loss.only is not None]
        for loss in wide:
            loss.put(storage)
        losses = [*(loss for loss in losses if loss.only is None), *wide]
        ended = [*wide, *ended]
    for loss in ended:
        loss.finish(storage)
    resumed = tuple(sorted({loss.sweep_id for loss in losses} - sweeps.removed))
    return Dropped(_count(lost), whole, len(begun), resumed)


def _count(files: Files) -> int:
    return sum(map(len, files.values()))


def _planned(
    snapshot: Snapshot,
    lost: Files,
    touched: Mapping[tuple[str, str], Sequence[str]],
    owned: Mapping[str, Owned],
) -> list[Loss]:
    """Return what goes with files, one a file and sweep."""
    visible = {name: frozenset(held.path for held in snapshot[name].files) for name in COMMIT_ORDER}
    plans = (
        plan_loss(table, file, name, owned[name].batches, visible)
        for table in COMMIT_ORDER
        for file in lost.get(table, ())
        for name in touched[table, file.path]
        if name in owned
    )
    return [loss for loss in plans if loss is not None]


def taken_out(lake: Lake, losses: Sequence[Loss], lost: Files, fences: Sequence[Fence]) -> bool:
    """Take losses and files out; False, at once, where files that a loss names were merged with others."""
    for table in (*REMOVAL_ORDER, *(name for name in lost if name not in REMOVAL_ORDER)):
        mine = losses if table in REMOVAL_ORDER else ()
        cut = Cut(
            whole=frozenset(file.path for file in lost.get(table, ())),
            concerned=partial(_concerned_by_any, mine, table),
            keep=partial(staying, mine, table),
            needed=frozenset(path for loss in mine for path in (loss.only or {}).get(table, ())),
        )
        sweeps = ", ".join(sorted({loss.sweep_id for loss in mine}))
        note = f"repair of sweep {sweeps}" if sweeps else "repair: damaged files"
        if take_out(lake, table, cut, note, fences) is None:
            return False
    return True


def _with_those_of(snapshot: Snapshot, lost: Files, begun: Sequence[Loss]) -> Files:
    """Return files, and with them those that are visible still and that losses name."""
    found = {}
    for table in {**lost, **{table: () for loss in begun for table in loss.files}}:
        named = {path for loss in begun for path in loss.files.get(table, ())}
        named |= {file.path for file in lost.get(table, ())}
        found[table] = [file for file in snapshot[table].files if file.path in named]
    return found


def _visible(snapshot: Snapshot, table: str, files: Sequence[DataFile]) -> list[DataFile]:
    there = {file.path for file in snapshot[table].files}
    return [file for file in files if file.path in there]


def _touched(
    storage: Storage, lost: Files, sweeps: KnownSweeps, gone: frozenset[str]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the sweeps that files have rows of, by table and path; those that are gone do not come back.

    The log tells them by bounds; of several, a process apart reads which they are if that can be read still.
    """
    found = {
        (table, file.path): sweeps.touched(table, file)
        for table in COMMIT_ORDER
        for file in lost.get(table, ())
    }
    unsure = [
        (table, file)
        for table in COMMIT_ORDER
        for file in lost.get(table, ())
        if len(found[table, file.path]) != 1
    ]
    told = read_apart(partial(_sweeps_in, storage), unsure, _unread) if unsure else []
    for (table, file), names in zip(unsure, told, strict=True):
        candidates = found[table, file.path]
        if names is not None and (not candidates or names.issubset(candidates)):
            found[table, file.path] = tuple(sorted(names))
    return {place: tuple(name for name in names if name not in gone) for place, names in found.items()}


def _sweeps_in(storage: Storage, held: tuple[str, DataFile]) -> frozenset[str] | None:
    """Return the sweeps that a file has rows of; None if it cannot be read, or has not all its rows."""
    table, file = held
    try:
        rows = [part["sweep_id"] for part in batches(storage, table, file, ["sweep_id"])]
    except (DamagedFileError, KeyError):
        return None
    whole = sum(map(len, rows)) == file.rows
    return frozenset(str(name) for part in rows for name in pc.unique(part).to_pylist()) if whole else None


def _unread(_crash: int) -> None:
    return None


def _concerned_by_any(losses: Sequence[Loss], table: str, file: DataFile) -> bool:
    return any(concerned(loss, table, file) for loss in losses)


def concerned(loss: Loss, table: str, file: DataFile) -> bool:
    """Say whether a file may have rows of a loss, without reading it."""
    if loss.only is not None and file.path not in loss.only.get(table, ()):
        return False
    if loss.symbol is not None and file.partition.get("symbol", loss.symbol) != loss.symbol:
        return False
    return may_hold(file, {loss.sweep_id})


def staying(losses: Sequence[Loss], table: str, file: DataFile, rows: pa.RecordBatch) -> pa.Array:
    """Say of each row of a file whether it stays when losses go; needs its sweep, and symbol if a column."""
    gone = pa.repeat(pa.scalar(value=False), rows.num_rows)
    for loss in losses:
        if concerned(loss, table, file):
            own_rows = pc.equal(rows["sweep_id"], loss.sweep_id)
            if loss.symbol is not None and "symbol" not in file.partition:
                own_rows = pc.and_(own_rows, pc.equal(rows["symbol"], loss.symbol))
            gone = pc.or_(gone, own_rows)
    return pc.invert(gone)
