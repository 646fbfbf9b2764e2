"""Commits: how files become visible, all of a commit at once."""

import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from lake.errors import LakeError
from lake.evolution import add_columns
from lake.lake import Lake
from lake.log import commit_note
from lake.receipts import FileReceipt
from lake.schemas import TABLES
from lake.snapshot import DataFile, asked, delta_table
from lake.storage import LakeUnreachableError

ATTEMPTS = 20
CHECKPOINT_EVERY = "50"
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
    """The answer of a commit was lost, and the storage has not answered since."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(table, reason)
        self.table, self.reason = table, reason

    def __str__(self) -> str:
        return (
            f"table {self.table}: a commit was sent and its answer was lost ({self.reason}); all of it is "
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
            stops it. Delta alone does not: it refuses a stale handle, and takes a lower step after a reload.
    """

    app_id: str
    version: int
    exclusive: bool = False
    epoch: int | None = None


def fence_version(lake: Lake, table: str, app_id: str) -> int | None:
    """Return the application's last committed transaction of a table, or None."""
    handle = delta_table(lake.storage, table)
    return None if handle is None else handle.transaction_version(app_id)


def commit(
    lake: Lake,
    table: str,
    adds: Sequence[FileReceipt],
    *,
    removes: Sequence[DataFile] = (),
    fence: Fence | None = None,
    mark: str | None = None,
    note: str = "",
) -> int:
    """Make files visible and others invisible, in one atomic commit.

    Creates the lake and the table on first use and adds columns that it lacks. Before every attempt the
    newest version is asked whether this commit is in it already, so that one whose answer was lost is not
    taken for one that failed. What tells it is the fence where that is this writer's own; else a mark that no
    other commit has, so that a plain append is taken once, too.

    Args:
        lake: The lake.
        table: Table name.
        adds: Receipts of written files.
        removes: Files to take out.
        fence: Step that this commit takes.
        mark: A name under which it is taken once for all, also by another process; None makes one where it
            is needed.
        note: What this commit does, in a few words, for `history`; "" is an append.

    Returns:
        The table's version.

    Raises:
        CommitConflictError: If a rival took the exclusive fence's step first.
        SweepTakenOverError: If the fence is a sweep's, and a later driver owns it.
        ColumnClashError: If a column exists with another type.
        CommitLostError: If it failed, or other writers overtook it, too often.
        CommitUnknownError: If its answer was lost and the storage could not be asked again.
    """
    lake.create()
    further = {name: kind for add in adds for name, kind in add.columns.items()}
    if mark is None and (fence is None or fence.exclusive):
        mark = f"commit-{uuid.uuid4().hex}"
    reason, sent = "", False
    for attempt in range(ATTEMPTS + 1):
        try:
            handle = open_table(lake, table)
            if _is_taken(handle, table, fence, mark):
                return int(handle.version())
            sent = False  # whatever was sent before is surely not there
            if attempt == ATTEMPTS:
                break
            add_columns(handle, table, further)
            sent = True
            _write(handle, table, adds, removes, fence, mark, note)
            return int(handle.version())
        except (DeltaError, LakeUnreachableError, OSError) as error:
            if isinstance(error, LakeUnreachableError) and not reason:
                raise
            reason = str(error)
            time.sleep(min(0.01 * 2**attempt, 1.0))
    raise (CommitUnknownError if sent else CommitLostError)(table, reason)


def _is_taken(handle: DeltaTable, table: str, fence: Fence | None, mark: str | None) -> bool:
    """Return whether a commit is in the version that a handle holds; on that handle it may be sent if not.

    Raises:
        CommitConflictError, SweepTakenOverError: If somebody else's is, and this one must never come.
    """
    if mark is not None and handle.transaction_version(mark) is not None:
        return True
    found = None if fence is None else handle.transaction_version(fence.app_id)
    if fence is None or found is None:
        return False
    if fence.epoch is not None and found >> EPOCH_BITS > fence.epoch:
        raise SweepTakenOverError(fence.app_id, fence.epoch, found >> EPOCH_BITS)
    if found >= fence.version and fence.exclusive:
        raise CommitConflictError(table, fence.app_id, fence.version, found)
    return bool(found >= fence.version)


def open_table(lake: Lake, table: str) -> DeltaTable:
    """Return a handle on a table's newest version, creating the table if need be."""
    storage = lake.storage
    handle = delta_table(storage, table)
    if handle is not None:
        return handle
    spec = TABLES[table]

    def create() -> DeltaTable:
        with suppress(CommitFailedError):  # another writer created it first
            DeltaTable.create(
                storage.uri(table),
                spec.schema,
                mode="ignore",
                partition_by=list(spec.partition_by) or None,
                name=table,
                description=f"{spec.grain} a row",
                configuration={
                    "delta.checkpointInterval": CHECKPOINT_EVERY,
                    "delta.dataSkippingStatsColumns": ",".join(spec.indexed),
                },
                storage_options=storage.delta_options,
            )
        return DeltaTable(storage.uri(table), storage_options=storage.delta_options)

    return asked(storage, create)


def _write(
    handle: DeltaTable,
    table: str,
    adds: Sequence[FileReceipt],
    removes: Sequence[DataFile],
    fence: Fence | None,
    mark: str | None,
    note: str,
) -> None:
    now_ms = int(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = [
        AddAction(add.path, add.size_bytes, dict(add.partition), now_ms, True, add.statistics)  # noqa: FBT003
        for add in adds
    ]
    actions += [
        RemoveAction(
            file.path,
            True,  # noqa: FBT003
            now_ms,
            size=file.size_bytes,
            partition_values=dict(file.partition),
        )
        for file in removes
    ]
    steps = [Transaction(fence.app_id, fence.version)] if fence is not None else []
    if mark is not None:
        steps.append(Transaction(mark, 1))
    handle.create_write_transaction(
        actions,
        "append",
        handle.schema(),
        partition_by=list(TABLES[table].partition_by) or None,
        commit_properties=CommitProperties(
            app_transactions=steps,
            custom_metadata=commit_note(
                note, len(actions) + len(steps or ()), sum(file.rows for file in removes)
            ),
        ),
    )
    handle.update_incremental()
