"""Compaction, the work: reads, sorts and writes what a plan names, and swaps the files in fenced commits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from lake.compaction import CompactionSettings, Rewrite, plan_compaction
from lake.lake import Lake
from lake.maintenance import fenced, until_no_conflict
from lake.receipts import FileReceipt
from lake.rewrite import rewritten
from lake.snapshot import DataFile
from lake.sources import DamagedFileError

_COMMIT_REWRITES = 200
_COMMIT_BYTES = 1 << 30


@dataclass(frozen=True)
class Progress:
    """How far the compaction of a table is.

    Attributes:
        table: Table name.
        done: Rewrites that are done.
        rewrites: Rewrites of the plan.
        done_bytes: Bytes that were read for them.
        size_bytes: Bytes that the plan reads.
    """

    table: str
    done: int
    rewrites: int
    done_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class Compacted:
    """What compaction did to a table.

    Attributes:
        table: Table name.
        files_before: Files of the table, before.
        bytes_before: Their bytes.
        rewritten: Files that were taken out.
        written: Files that came for them.
        overtaken: Rewrites that other maintenance made needless meanwhile.
        damaged: What was found damaged, and so left as it is.
    """

    table: str
    files_before: int
    bytes_before: int
    rewritten: tuple[DataFile, ...] = ()
    written: tuple[FileReceipt, ...] = ()
    overtaken: int = 0
    damaged: tuple[DamagedFileError, ...] = ()

    @property
    def files_after(self) -> int:
        """Files of the table, after; what sweeps added meanwhile is not counted."""
        return self.files_before - len(self.rewritten) + len(self.written)

    @property
    def bytes_after(self) -> int:
        """Their bytes."""
        gone = sum(file.size_bytes for file in self.rewritten)
        return self.bytes_before - gone + sum(file.size_bytes for file in self.written)


Observer = Callable[[Progress], None]
_Swap = tuple[Rewrite, Sequence[FileReceipt]]


def compact_table(
    lake: Lake,
    table: str,
    settings: CompactionSettings,
    *,
    months_before: date | None = None,
    observe: Observer = lambda _: None,
) -> Compacted:
    """Compact one table; its rows stay exactly as they are, beside sweeps, readers and other maintenance.

    New files become visible in place of the old ones in one commit for some partitions at a time. A crash
    leaves unused files for vacuum, and what was committed. Files taken out lie there until vacuum, for
    readers of older snapshots.

    Args:
        lake: The lake.
        table: Table name.
        settings: What the plan goes by.
        months_before: See `plan_compaction`.
        observe: Called after each rewrite.

    Raises:
        CommitConflictError: If other maintenance came first over and over.
        RowsLostError: If rows were lost on the way, which is a defect.
    """
    snapshot = fenced(lake, table).snapshot
    rewrites = plan_compaction(snapshot, settings, months_before=months_before)
    size, done_bytes = sum(rewrite.size_bytes for rewrite in rewrites), 0
    swaps = _Swaps(lake, table)
    damaged = []
    for done, rewrite in enumerate(rewrites, start=1):
        try:
            swaps.add(rewrite, rewritten(lake.storage, rewrite, settings))
        except DamagedFileError as error:
            damaged.append(error)
        done_bytes += rewrite.size_bytes
        observe(Progress(table, done, len(rewrites), done_bytes, size))
    swaps.commit()
    return Compacted(
        table=table,
        files_before=len(snapshot.files),
        bytes_before=sum(file.size_bytes for file in snapshot.files),
        rewritten=tuple(file for rewrite, _ in swaps.done for file in rewrite.sources),
        written=tuple(receipt for _, receipts in swaps.done for receipt in receipts),
        overtaken=swaps.overtaken,
        damaged=tuple(damaged),
    )


class _Swaps:
    """Rewrites that are done, on their way into the table.

    A rewrite stands as long as all its sources are current, whatever else was committed since it was planned;
    that they are is read at the version whose maintenance step the commit takes.
    """

    def __init__(self, lake: Lake, table: str) -> None:
        self._lake, self._table = lake, table
        self._waiting: list[_Swap] = []
        self.done: list[_Swap] = []
        self.overtaken = 0

    def add(self, rewrite: Rewrite, receipts: Sequence[FileReceipt]) -> None:
        """Take one, and commit those that wait if they are many."""
        self._waiting.append((rewrite, receipts))
        size = sum(waiting.size_bytes for waiting, _ in self._waiting)
        if len(self._waiting) >= _COMMIT_REWRITES or size >= _COMMIT_BYTES:
            self.commit()

    def commit(self) -> None:
        """Swap the files of those that wait and still stand.

        Raises:
            CommitConflictError: If other maintenance came first in every attempt.
        """
        waiting, self._waiting = self._waiting, []
        if waiting:
            until_no_conflict(lambda: self._swap(waiting))

    def _swap(self, waiting: list[tuple[Rewrite, Sequence[FileReceipt]]]) -> None:
        state = fenced(self._lake, self._table)
        current = {file.path for file in state.snapshot.files}
        # An answer may have been lost: what is there already was committed by the attempt before.
        there = [swap for swap in waiting if swap[1] and all(file.path in current for file in swap[1])]
        standing = [swap for swap in waiting if all(file.path in current for file in swap[0].sources)]
        self.done += there
        self.overtaken += len(waiting) - len(there) - len(standing)
        waiting[:] = standing
        if standing:
            adds = [receipt for _, receipts in standing for receipt in receipts]
            removes = [file for rewrite, _ in standing for file in rewrite.sources]
            state.commit(adds, removes, f"compaction: {len(removes)} files into {len(adds)}")
            self.done += standing
