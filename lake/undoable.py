"""Undoable: which removals an undo takes back, and whether all that it needs is still there."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from lake.errors import LakeError
from lake.lake import Lake
from lake.ownership import require_free
from lake.receipts import FileReceipt
from lake.removal_log import Attempt, LogForgottenError, RemovalRecord, attempts, records
from lake.retiring import not_removed
from lake.snapshot import DataFile, load_table
from lake.sources import DamagedFileError, verify


class CannotUndoError(LakeError):
    """A removal cannot be undone; nothing was changed."""

    def __init__(self, removal: str, reason: str) -> None:
        super().__init__(removal, reason)
        self.removal, self.reason = removal, reason

    def __str__(self) -> str:
        return f"removal {self.removal} cannot be undone: {self.reason}"


class NothingToUndoError(LakeError):
    """There is no removal that could be undone."""

    def __init__(self, url: str, since: str = "") -> None:
        super().__init__(url, since)
        self.url, self.since = url, since

    def __str__(self) -> str:
        since = f" since {self.since}" if self.since else ""
        return f"the lake {self.url} has no removal{since} that is not undone yet"


def to_undo(lake: Lake, to: datetime | None = None) -> list[RemovalRecord]:
    """Return the last removal, or all that were planned after a time, the newest first.

    Raises:
        NothingToUndoError: If there is none that is not undone yet.
    """
    left = [record for record in records(lake) if not record.undone]
    chosen = left[-1:] if to is None else [record for record in left if record.at > to]
    if not chosen:
        raise NothingToUndoError(lake.url, to.isoformat() if to else "")
    return chosen[::-1]


def require_undoable(lake: Lake, chosen: Sequence[RemovalRecord]) -> None:
    """Return if what some removals took out is there and whole, and no driver is at work on any of it.

    Else none of them is to be begun with.

    Raises:
        CannotUndoError: If a file that is needed is gone or damaged.
        SweepOwnedError: If a driver runs a sweep of one of them.
    """
    for record in chosen:
        taken = taken_by(lake, record).values()
        require_files(lake, record, taken)
        require_whole(lake, record, taken)
    require_all_free(lake, {name for record in chosen for name in record.sweeps})


def require_all_free(lake: Lake, sweeps: Collection[str]) -> None:
    """Return if no driver runs any of some sweeps; nobody can run one that is removed.

    Raises:
        SweepOwnedError: If one does.
    """
    for sweep_id in not_removed(lake, sorted(sweeps)):
        require_free(lake, sweep_id)


def taken_by(lake: Lake, record: RemovalRecord) -> dict[tuple[str, int], Attempt]:
    """Return the commits of a removal that came to be, by table and version, each once.

    Whoever finishes a removal puts down again what another has put down, or committed, already.
    """
    taken: dict[tuple[str, int], Attempt] = {}
    for attempt in attempts(lake, record):
        try:
            version = attempt.version(lake)
        except LogForgottenError as error:
            raise CannotUndoError(record.id, str(error)) from error
        if version is not None:
            taken.setdefault((attempt.table, version), attempt)
    return taken


def require_files(lake: Lake, record: RemovalRecord, taken: Collection[Attempt]) -> None:
    """Return if all files are still there, each of its size."""
    files = [file for attempt in taken for file in files_out(attempt)]
    gone = [file for file in files if lake.storage.size(f"{file.table}/{file.path}") != file.size_bytes]
    if gone:
        first = f"{gone[0].table}/{gone[0].path}"
        rows = sum(file.rows for file in gone)
        reason = f"vacuum took {len(gone)} of its {len(files)} files, {rows} rows of them, e.g. {first}"
        raise CannotUndoError(record.id, f"{reason}; run the sweeps again")


def files_out(attempt: Attempt) -> Iterator[FileReceipt]:
    """Yield the files that a commit took out."""
    yield from attempt.dropped
    yield from attempt.rewritten


def require_whole(lake: Lake, record: RemovalRecord, taken: Collection[Attempt]) -> None:
    """Return if the files are what was written that are to be read: those that compaction left no rest of."""
    for table in {attempt.table for attempt in taken}:
        visible = {file.path for file in load_table(lake.storage, table).files}
        read = [
            data_file(file)
            for attempt in taken
            if attempt.table == table and not all(file.path in visible for file in attempt.added)
            for file in attempt.rewritten
        ]
        try:
            verify(lake.storage, table, read)
        except DamagedFileError as error:
            raise CannotUndoError(record.id, f"a file of it is damaged: {error}") from error


def data_file(file: FileReceipt) -> DataFile:
    """Return a file that was visible once as a snapshot has it, its statistics aside."""
    return DataFile(file.path, file.size_bytes, file.rows, file.partition, "", {}, {})
