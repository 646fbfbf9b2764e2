"""The log of a table: its entries as they lie in `_delta_log`, and whether the newest is whole.

delta-rs reads what lines an entry has. One that a crash of the machine left empty, or cut between two lines,
is no error to it: the files of that commit are silently not there. So every commit of ours says in its first
line how many follow, and whoever opens a table holds the newest entry against that.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lake.errors import LakeError
from lake.storage import Storage

MAINTENANCE = "maintenance"
"""Application whose transactions number every table's maintenance commits."""

INGEST = "bars"
"""Application whose transactions number the commits that bring bars."""

NOTE = "sweeplake"
"""Key of our note in a commit's metadata."""

_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\b.*\.parquet")
_LOG_WORDS = (
    "Json error",
    "Arrow error",
    "heckpoint",
    "gap",
    "Parquet error",
    "No table metadata",
    "Invalid",
    "Kernel error",
)

_AWAY = re.compile(
    r"Generic (S3|GCS|MicrosoftAzure|HTTP|LocalFileSystem) error|Error performing|error sending request"
    "|lacked the necessary privileges|Permission denied"
)
"""Of errors about the way to a log, which name what was asked for: a checkpoint, say."""
_GONE = "Object at location"

_REASON_LETTERS = 160
_SPANS_SHOWN = 8
_REMEDY = "`sweeplake check` tells what is left and what to do"


def made_name(table: str) -> str:
    """Return the object that says that a table was created: without its log it is damaged, not new."""
    return f"_tables/{table}"


class LogDamagedError(LakeError):
    """The log of a table cannot be read, or not as it was written."""

    def __init__(self, table: str, file: str, reason: str) -> None:
        super().__init__(table, file, reason)
        self.table, self.file, self.reason = table, file, reason

    def __str__(self) -> str:
        return f"table {self.table}: {self.file} is damaged: {self.reason}; {_REMEDY}"


@dataclass(frozen=True)
class LogEntry:
    """One commit, as its entry in the log tells it.

    Attributes:
        table: The table.
        version: The table's version that it made.
        at: When, by the clock of the machine that committed, yet after the version before; 1970 if another
            tool did not say.
        operation: delta-rs's own word, e.g. WRITE.
        note: Ours; "" if it has none.
        app_id: The application whose step it took: a sweep, a removal, or maintenance; "" if none.
        added: Files added.
        removed: Files removed.
        rows_added: Rows in the files added.
        rows_removed: Rows in the files removed.
    """

    table: str
    version: int
    at: datetime
    operation: str
    note: str
    app_id: str
    added: int
    removed: int
    rows_added: int
    rows_removed: int

    @property
    def done(self) -> str:
        """What it did, for people."""
        if self.note:
            return self.note
        if self.app_id == MAINTENANCE:
            return "maintenance"
        if self.app_id == INGEST:
            return "ingest of bars"
        if self.app_id:
            return f"append of sweep {self.app_id}"
        return "append" if self.operation == "WRITE" else self.operation.lower()


@dataclass(frozen=True)
class LogFiles:
    """What lies in a table's log.

    Attributes:
        entries: Versions that have an entry, ascending.
        checkpoints: Versions that have a checkpoint, ascending.
    """

    entries: tuple[int, ...]
    checkpoints: tuple[int, ...]

    @property
    def newest(self) -> int:
        """The newest version; -1 of none."""
        return max((*self.entries[-1:], *self.checkpoints[-1:]), default=-1)

    @property
    def oldest(self) -> int:
        """The oldest version from which on every one can be built; the newest + 1 if none can."""
        last_gap = max(set(range(self.newest)) - set(self.entries), default=-1)
        starts = (*self.checkpoints, *self.entries[:1]) if self.entries[:1] == (0,) else self.checkpoints
        return min((start for start in starts if start >= last_gap), default=self.newest + 1)

    def since(self, first: int) -> list[int]:
        """Return the versions, from one on, that have an entry; ascending."""
        return [version for version in self.entries if version >= first]

    def has_all_since(self, first: int) -> bool:
        """Return whether there is a version, and every one after it, each with its entry."""
        return self.newest >= first and self.since(first) == list(range(first, self.newest + 1))

    @property
    def missing(self) -> tuple[int, ...]:
        """The entries that the newest version cannot be built without and that are not there, ascending."""
        first = self.checkpoints[-1] + 1 if self.checkpoints else 0
        return tuple(sorted(set(range(first, self.newest + 1)) - set(self.entries)))


def commit_note(note: str, actions: int, rows_removed: int) -> dict[str, Any]:
    """Return the metadata that every commit of ours carries: what it does, and how many lines follow."""
    return {NOTE: {"note": note, "actions": actions, "rows_removed": rows_removed}}


def log_files(storage: Storage, table: str) -> LogFiles:
    """Return which entries and checkpoints a table's log has; one listing."""
    names = storage.list(f"{table}/_delta_log")
    entries = (found for name in names if (found := _ENTRY.fullmatch(name)))
    checkpoints = {version for name in names if (version := checkpoint_version(name)) is not None}
    return LogFiles(tuple(sorted(int(found[1]) for found in entries)), tuple(sorted(checkpoints)))


def checkpoint_version(name: str) -> int | None:
    """Return the version of a checkpoint by the name of a file of it; None if it is none."""
    found = _CHECKPOINT.fullmatch(name)
    return None if found is None else int(found[1])


def read_entry(storage: Storage, table: str, version: int) -> LogEntry:
    """Return one commit of a table.

    Raises:
        FileNotFoundError: If it is not in the log.
        LogDamagedError: If it is not whole.
    """
    file = entry_path(table, version)
    return parse_entry(table, version, storage.read(file))


def parse_entry(table: str, version: int, data: bytes) -> LogEntry:
    """Return the commit that the bytes of an entry tell.

    Raises:
        LogDamagedError: If it is cut off: empty, broken, or with fewer lines than our note in it says.
    """
    actions = read_actions(table, version, data)
    note, info = _note(actions), next(iter(_of_kind(actions, "commitInfo")), {})
    adds, removes = _of_kind(actions, "add"), _of_kind(actions, "remove")
    step = next(iter(_of_kind(actions, "txn")), {})
    return LogEntry(
        table=table,
        version=version,
        at=datetime.fromtimestamp(info.get("timestamp", 0) / 1000, UTC),
        operation=str(info.get("operation", "")),
        note=str(note.get("note", "")),
        app_id=str(step.get("appId", "")),
        added=len(adds),
        removed=len(removes),
        rows_added=sum(json.loads(add.get("stats") or "{}").get("numRecords") or 0 for add in adds),
        rows_removed=int(note.get("rows_removed", 0)),
    )


def read_actions(table: str, version: int, data: bytes) -> list[dict[str, Any]]:
    """Return what the lines of an entry say, its note among them.

    Raises:
        LogDamagedError: As `parse_entry` does.
    """
    file = entry_path(table, version)
    try:
        actions = [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError as error:
        raise LogDamagedError(table, file, "it is cut off, or no JSON") from error
    if not actions:
        raise LogDamagedError(table, file, "it is cut off: nothing is left of it")
    missing = _note(actions).get("actions", 0) + 1 - len(actions)
    if missing > 0:
        raise LogDamagedError(table, file, f"it is cut off: at least {missing} of its lines are gone")
    return actions


def entry_path(table: str, version: int) -> str:
    """Return where an entry lies, relative to the lake's root."""
    return f"{table}/_delta_log/{version:020d}.json"


def require_whole(storage: Storage, table: str, version: int) -> None:
    """Return if the newest entry of a table is as it was written.

    Only local disks are looked at: an object store never keeps half an object.

    Raises:
        LogDamagedError: If it is cut off.
    """
    if storage.local:
        try:
            read_entry(storage, table, version)
        except FileNotFoundError:  # the log was cleaned up to its newest checkpoint
            return


def raise_if_damaged(storage: Storage, table: str, error: Exception) -> None:
    """Return if an error of delta-rs is not about what a log holds, but about the way to it, say.

    Raises:
        LogDamagedError: If it is; it names the entries that are missing, if that is why.
    """
    reason = str(error).partition("\n")[0]
    if _AWAY.search(reason) and _GONE not in reason:
        return
    if any(word in reason for word in _LOG_WORDS):
        if missing := log_files(storage, table).missing:
            raise LogDamagedError(table, entry_path(table, missing[0]), missing_text(missing)) from error
        reason = re.split(r"\s*[({]", reason)[0][:_REASON_LETTERS]
        raise LogDamagedError(table, f"{table}/_delta_log", reason) from error


def missing_text(versions: Sequence[int]) -> str:
    """Return which entries are missing, e.g. `entries 1, 4 to 6 are missing`."""
    held = set(versions)
    starts = [version for version in versions if version - 1 not in held]
    ends = [version for version in versions if version + 1 not in held]
    spans = [f"{low}" if low == high else f"{low} to {high}" for low, high in zip(starts, ends, strict=True)]
    shown = ", ".join(spans[:_SPANS_SHOWN]) + (", ..." if len(spans) > _SPANS_SHOWN else "")
    return f"entry {shown} is missing" if len(versions) == 1 else f"entries {shown} are missing"


def _note(actions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what an entry says of itself; nothing if another tool wrote it."""
    return next((info[NOTE] for info in _of_kind(actions, "commitInfo") if NOTE in info), {})


def _of_kind(actions: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [action[kind] for action in actions if kind in action]
