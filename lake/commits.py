"""Commits: how files become visible, all of a commit at once."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from deltalake.exceptions import DeltaError

from lake.entry import encode_entry
from lake.errors import LakeError, LakeUnreachableError, LakeUnwritableError
from lake.head import AppendOnlyError, EntryAstrayError, Head
from lake.lake import Lake
from lake.log import entry_path
from lake.receipts import FileReceipt, further_of
from lake.snapshot import DataFile
from lake.storage import Storage
from lake.uncommitted import require_there

ATTEMPTS = 20
EPOCH_BITS = 32
"""A sweep's steps are its driver's epoch, shifted so far, and a number within the epoch."""


class CommitConflictError(LakeError):
    """A rival moved the fence first: what this commit was planned on is no longer the newest state."""

    def __init__(self, table: str, fence: str, expected: int, found: int | None) -> None:
        super().__init__(table, fence, expected, found)
        self.table, self.fence, self.expected, self.found = table, fence, expected, found

    def __str__(self) -> str:
        return (
            f"table {self.table}: another writer took step {self.found} of {self.fence}, "
            f"not {self.expected}; read the newest snapshot and plan again"
        )


class RemovedByOthersError(CommitConflictError):
    """Another tool took files out that this commit relies on, or may have."""

    def __init__(self, table: str, count: int, example: str) -> None:
        LakeError.__init__(self, table, count, example)
        self.table, self.count, self.example = table, count, example

    def __str__(self) -> str:
        what = f"took out {self.count} files that this commit relies on, e.g. {self.example}"
        if not self.count:
            what = "may have taken files out while the log was cleaned"
        return f"table {self.table}: another tool {what}; nothing was changed; plan again"


class SweepTakenOverError(LakeError):
    """A later driver owns the sweep: this one may not commit any more."""

    def __init__(self, sweep_id: str, epoch: int, owner: int) -> None:
        super().__init__(sweep_id, epoch, owner)
        self.sweep_id, self.epoch, self.owner = sweep_id, epoch, owner

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} was taken over by another driver (epoch {self.owner}); this one "
            f"(epoch {self.epoch}) has stopped, and the other goes on from what was committed"
        )


class CommitUnknownError(LakeError):
    """A commit was sent, and nobody can say yet whether it was taken."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(table, reason)
        self.table, self.reason = table, reason

    def __str__(self) -> str:
        return (
            f"table {self.table}: it is not known whether a commit was taken ({self.reason}); all of it is "
            "visible or nothing; when the storage answers, run the same command again, or resume the sweep"
        )


class CommitLostError(LakeError):
    """A commit failed, or collided with other writers, too often; it was surely not taken."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(table, reason)
        self.table, self.reason = table, reason

    def __str__(self) -> str:
        return (
            f"table {self.table}: {ATTEMPTS} attempts to commit failed or were overtaken, the last one with: "
            f"{self.reason}; nothing of it is visible; try again"
        )


@dataclass(frozen=True)
class Fence:
    """A step that only one writer can take: the application's transaction goes to `version`.

    Attributes:
        app_id: Whose step.
        version: Its number; steps only rise.
        exclusive: Whether a step that was already taken was a rival's, and so is a conflict. Else it was this
            writer's own, and there is nothing left to do.
        epoch: Where the application is a sweep, the epoch of the driver that commits: a step of a higher one
            stops it.
    """

    app_id: str
    version: int
    exclusive: bool = False
    epoch: int | None = None


def fence_version(lake: Lake, table: str, app_id: str) -> int | None:
    """Return the application's last committed transaction of a table, or None."""
    head = lake.head_if_there(table)
    if head is None:
        return None
    with head.lock:
        head.follow()
        return head.step(app_id)


def commit(
    lake: Lake,
    table: str,
    adds: Sequence[FileReceipt],
    *,
    removes: Sequence[DataFile] = (),
    fence: Fence | None = None,
    also: Sequence[Fence] = (),
    mark: str | None = None,
    note: str = "",
    head: Head | None = None,
) -> int:
    """Make files visible and others invisible, in one atomic commit.

    Creates the lake and the table on first use and adds columns that it lacks. The commit is one entry that
    is put if absent (`head`), and no two entries are the same bytes: one whose answer was lost is put again,
    and found to be there. So it is taken once, whatever the storage says of it.

    Args:
        lake: The lake.
        table: Table name.
        adds: Receipts of written files.
        removes: Files to take out.
        fence: Step that this commit takes.
        also: Further steps that it takes with that one; a rival's step in any of them stops it.
        mark: A name under which it is taken once for all, also by another process.
        note: What this commit does, in a few words, for `history`; "" is an append.
        head: The version that it was planned on; None: the newest that this process knows.

    Returns:
        The table's version.

    Raises:
        CommitConflictError: If a rival took an exclusive fence's step first, or another tool removed a file
            that this commit removes or, as it was there already, adds again.
        SweepTakenOverError: If the fence is a sweep's, and a later driver owns it.
        ColumnClashError: If a column exists with another type.
        TableUpgradedError: If another tool gave the table features that are not known here.
        CommitLostError: If it failed, or other writers overtook it, too often.
        CommitUnknownError: If its answer was lost and the storage could not be asked again.
        FilesTakenError: If files that it adds are gone, because it came so long after they were written.
    """
    entry = _Entry(table, adds, removes, fence, tuple(also), mark, note, is_planned=head is not None)
    head = head or lake.head(table)
    with head.lock:
        return _send(lake.storage, head, entry)


@dataclass(frozen=True)
class _Entry:
    """A commit on its way."""

    table: str
    adds: Sequence[FileReceipt]
    removes: Sequence[DataFile]
    fence: Fence | None
    also: tuple[Fence, ...]
    mark: str | None
    note: str
    is_planned: bool

    @property
    def steps(self) -> dict[str, int]:
        """Application transactions that it takes."""
        steps = {held.app_id: held.version for held in (self.fence, *self.also) if held is not None}
        return steps if self.mark is None else {**steps, self.mark: 1}

    def is_taken(self, head: Head) -> bool:
        """Return whether it is in a version already; if not, it may become the next.

        Raises:
            CommitConflictError, SweepTakenOverError: If somebody else's is, and this one must never come.
            AppendOnlyError: If nothing may be taken out.
        """
        if self.mark is not None and head.step(self.mark) is not None:
            return True
        self._require_files(head)
        if self.fence is not None and self._is_taken(self.fence, head):
            return True
        for fence in self.also:
            self._is_taken(fence, head)
        return False

    def _is_taken(self, fence: Fence, head: Head) -> bool:
        found = head.step(fence.app_id)
        if found is None:
            return False
        if fence.epoch is not None and found >> EPOCH_BITS > fence.epoch:
            raise SweepTakenOverError(fence.app_id, fence.epoch, found >> EPOCH_BITS)
        if found >= fence.version and fence.exclusive:
            raise CommitConflictError(self.table, fence.app_id, fence.version, found)
        return bool(found >= fence.version)

    def _require_files(self, head: Head) -> None:
        """Return if other tools have left the files that this commit relies on."""
        if self.removes and head.append_only:
            raise AppendOnlyError(self.table)
        paths = [file.path for file in self.adds] + [file.path for file in self.removes]
        gone = head.removed_by_others.intersection(paths)
        if gone or (self.removes and self.is_planned and head.lost_sight):
            raise RemovedByOthersError(self.table, len(gone), min(gone, default=""))


def _send(storage: Storage, head: Head, entry: _Entry) -> int:
    further = further_of(entry.adds)
    reason, data = "", b""
    sent = 0  # the version as which it may have been taken, 0 if surely as none
    doubtful = False  # whether the storage may still do what it was asked
    for attempt in range(ATTEMPTS):
        try:
            if not sent:
                head.follow(only_if_old=True)
                head.evolve(further)
                if entry.is_taken(head):
                    return head.version
                data = encode_entry(entry.adds, entry.removes, entry.steps, entry.note, head.at_ms)
                sent = head.version + 1
            require_there(storage, entry.table, entry.adds)
            if head.put(sent, data, entry.steps):
                head.checkpoint_if_due()
                return sent
            sent, doubtful, reason = 0, False, "another writer took the number"
            head.follow()
        except EntryAstrayError as error:
            raise CommitUnknownError(entry.table, str(error)) from error
        except (DeltaError, LakeUnreachableError, LakeUnwritableError, OSError) as error:
            if isinstance(error, LakeUnreachableError) and not reason and not sent:
                raise
            reason = str(error)
            doubtful = doubtful or not (storage.local or isinstance(error.__cause__, PermissionError))
            time.sleep(min(0.01 * 2**attempt, 1.0))
    if sent and _is_there(storage, entry.table, sent, data, reason, doubtful=doubtful):
        return sent
    raise CommitLostError(entry.table, reason)


def _is_there(
    storage: Storage, table: str, version: int, data: bytes, reason: str, *, doubtful: bool
) -> bool:
    """Return whether an entry became a version after all.

    Raises:
        CommitUnknownError: If the storage does not say, or may still do what it was asked.
    """
    try:
        held = storage.read_if_there(entry_path(table, version))
    except LakeUnreachableError as error:
        raise CommitUnknownError(table, reason) from error
    if held is None and doubtful:
        raise CommitUnknownError(table, reason)
    return held == data
