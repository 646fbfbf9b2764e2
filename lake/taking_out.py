"""Taking out: files, and some rows of others, out of one table in one commit behind the maintenance fence."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lake.commits import Fence
from lake.copying import BATCH_ROWS, copy_rows
from lake.lake import Lake
from lake.maintenance import fenced, until_no_conflict
from lake.receipts import FileReceipt
from lake.snapshot import DataFile
from lake.sources import verified_rows
from lake.storage import Storage

Keep = Callable[[DataFile, pa.RecordBatch], pa.Array]
"""Says of each row of a file whether it stays."""


def keep_all(file: DataFile, rows: pa.RecordBatch) -> pa.Array:
    """Say of each row that it stays."""
    del file
    return pa.repeat(pa.scalar(value=True), rows.num_rows)


@dataclass(frozen=True)
class Cut:
    """What of a table goes.

    Attributes:
        whole: Paths of files that go as they are, without being read.
        concerned: Says whether another file may have rows that go.
        keep: Says which rows of such a file stay.
        needed: Paths without which nothing may be taken out: it was planned on them.
    """

    whole: Collection[str] = ()
    concerned: Callable[[DataFile], bool] = lambda _: False
    keep: Keep = keep_all
    needed: Collection[str] = ()


def take_out(lake: Lake, table: str, cut: Cut, note: str, also: Sequence[Fence] = ()) -> int | None:
    """Take files and rows out of a table, in one commit, planned anew where a rival came first.

    Files that are written anew are held against the hash in their names first: what is damaged is never
    passed on as fresh. Safe to repeat.

    Args:
        lake: The lake.
        table: Its name.
        cut: What goes.
        note: For `history`.
        also: Further steps that the commit takes.

    Returns:
        Rows that went; None if a needed file is not visible any more, and so nothing went.

    Raises:
        DamagedFileError: If a file with rows that go is not what was written; nothing was taken out.
        SweepTakenOverError: If one of the steps is that of a sweep which a later driver owns.
        CommitConflictError: If rivals overtook it too often.
    """
    return until_no_conflict(lambda: _attempt(lake, table, cut, note, also))


def may_hold(file: DataFile, sweeps: Collection[str]) -> bool:
    """Say whether a file may have rows of some sweeps, by its bounds in the log."""
    low, high = file.minimum.get("sweep_id"), file.maximum.get("sweep_id")
    return low is None or high is None or any(low <= sweep <= high for sweep in sweeps)


def _left(storage: Storage, table: str, file: DataFile, cut: Cut) -> tuple[list[FileReceipt], int]:
    """Return files of what stays of a file, and how many rows go; none of either if all of it stays."""
    if file.path in cut.whole:
        return [], max(file.rows, 1)
    if not cut.concerned(file):
        return [], 0

    def keep(rows: pa.RecordBatch) -> pa.Array:
        return cut.keep(file, rows)

    parts = verified_rows(storage, table, [file])
    stay = sum(keep(rows).true_count for part in parts for rows in part.to_batches(BATCH_ROWS))
    if stay in (0, file.rows):
        return [], file.rows - stay
    return copy_rows(storage, table, file, keep), file.rows - stay


def _attempt(lake: Lake, table: str, cut: Cut, note: str, also: Sequence[Fence]) -> int | None:
    held = fenced(lake, table)
    if not {file.path for file in held.snapshot.files}.issuperset(cut.needed):
        return None
    removes, adds, rows = list[DataFile](), list[FileReceipt](), 0
    for file in held.snapshot.files:
        kept, gone = _left(lake.storage, table, file, cut)
        if gone:
            removes.append(file)
            adds += kept
            rows += gone
    if removes:
        held.commit(adds, removes, note, also)
    return rows
