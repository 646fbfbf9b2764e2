"""Maintenance: commits that take files out, of which only one can follow a snapshot."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lake.commits import CommitConflictError, Fence, commit
from lake.head import Head
from lake.lake import Lake
from lake.log import MAINTENANCE
from lake.receipts import FileReceipt
from lake.snapshot import DataFile, TableSnapshot, absent

ATTEMPTS = 20

T = TypeVar("T")


@dataclass(frozen=True)
class Fenced:
    """A table as maintenance plans on it: its files, and the step that a commit planned on them takes.

    Attributes:
        lake: The lake.
        snapshot: The table's files.
        step: Number of the next maintenance commit, as of the same version.
        head: That version; None: the table does not exist yet.
    """

    lake: Lake
    snapshot: TableSnapshot
    step: int
    head: Head | None = None

    def next_step(self, app_id: str) -> int:
        """Return the number of an application's next step, as of the same version."""
        return 1 if self.head is None else (self.head.step(app_id) or 0) + 1

    def commit(
        self,
        adds: Sequence[FileReceipt],
        removes: Sequence[DataFile],
        note: str = "",
        also: Sequence[Fence] = (),
    ) -> int:
        """Swap files for others in one atomic commit; appends that came meanwhile stay.

        Only once: for another commit take a new `fenced` table.

        Args:
            adds: Receipts of written files.
            removes: Files of the snapshot.
            note: What it does, in a few words, for `history`.
            also: Further steps that it takes.

        Returns:
            The table's version.

        Raises:
            CommitConflictError: If other maintenance came first; nothing was changed, plan again.
            CommitLostError: If other writers overtook it too often; nothing was changed.
            FilesTakenError: If written files are gone; nothing was changed.
        """
        fence = Fence(MAINTENANCE, self.step, exclusive=True)
        table = self.snapshot.name
        return commit(
            self.lake, table, adds, removes=removes, fence=fence, also=also, note=note, head=self.head
        )


def fenced(lake: Lake, table: str) -> Fenced:
    """Return a table's newest files with the number of its next maintenance commit, both of one version."""
    head = Head.newest(lake.storage, table)
    if head is None:
        return Fenced(lake, absent(table), 1)
    return Fenced(lake, head.snapshot(), (head.step(MAINTENANCE) or 0) + 1, head)


def until_no_conflict(attempt: Callable[[], T]) -> T:
    """Try a step of maintenance, planned anew each time, until no rival overtakes it; return its answer.

    Raises:
        CommitConflictError: If rivals overtook it too often.
    """
    for number in range(ATTEMPTS - 1):
        try:
            return attempt()
        except CommitConflictError:
            time.sleep(min(0.01 * 2**number, 1.0))
    return attempt()
