"""History: which versions a table has, and the lake as it was at one of them.

The time of a version is that of its commit, by the clock of the machine that committed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lake.errors import LakeError
from lake.log import LogEntry, entry_path, log_files, raise_if_damaged, read_actions, read_entry
from lake.snapshot import ABSENT, Snapshot, TableSnapshot, absent, asked, table_snapshot
from lake.storage import Storage

CLOCKS_DIFFER = timedelta(minutes=5)
"""A commit of another machine may be dated so much later than it is here."""

PINNED_BY = "metrics"
"""The table whose versions number the lake's."""


class VersionGoneError(LakeError):
    """A version, or a time, that the lake can no longer show, or never had."""

    def __init__(self, table: str, asked: str, oldest: str, newest: str) -> None:
        super().__init__(table, asked, oldest, newest)
        self.table, self.asked, self.oldest, self.newest = table, asked, oldest, newest

    def __str__(self) -> str:
        return (
            f"table {self.table} cannot be read at {self.asked}: it can from version {self.oldest} "
            f"to {self.newest}; see `sweeplake history --table {self.table}`"
        )


class BadTimeError(LakeError):
    """A text that is no time."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"{self.text!r} is no time; write it as 2026-01-31 or 2026-01-31T12:00:00Z (else UTC)"


class FutureTimeError(LakeError):
    """A time that is still to come."""

    def __init__(self, text: str, now: str) -> None:
        super().__init__(text, now)
        self.text, self.now = text, now

    def __str__(self) -> str:
        return f"{self.text} is still to come, it is {self.now}; leave the time out to read the newest"


def history(storage: Storage, table: str, limit: int | None = None) -> list[LogEntry]:
    """Return a table's commits that the log still has, newest first, at most so many."""
    entries = log_files(storage, table).entries[::-1]
    return [read_entry(storage, table, version) for version in entries[:limit]]


def is_left(storage: Storage, table: str, version: int) -> bool:
    """Return whether vacuum has left a version of a table, as far as its log tells without loading it.

    It asks for one file of each commit since that took any out: vacuum deletes those of a commit together.
    """
    log = log_files(storage, table)
    if version not in log.entries or version < log.oldest:
        return False
    for later in log.since(version + 1):
        actions = read_actions(table, later, storage.read(entry_path(table, later)))
        gone = next((unquote(action["remove"]["path"]) for action in actions if "remove" in action), None)
        if gone is not None and storage.size(f"{table}/{gone}") is None:
            return False
    return True


def parse_time(text: str) -> datetime:
    """Return the time that a text names, in UTC; without an offset it is that.

    Raises:
        BadTimeError: If it is none, or its offset takes it out of the years 1 to 9999.
    """
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise BadTimeError(text) from error


def snapshot_of_version(storage: Storage, tables: Sequence[str], version: int) -> Snapshot:
    """Return the lake as it was when `metrics` came to a version: the others as of that commit's time.

    Raises:
        VersionGoneError: If the version is not there, or its files are not.
    """
    log = log_files(storage, PINNED_BY)
    if version not in log.entries or version < log.oldest:
        raise _gone(storage, PINNED_BY, f"version {version}")
    at = read_entry(storage, PINNED_BY, version).at
    versions = _versions_at(storage, [name for name in tables if name != PINNED_BY], at)
    return _pinned(storage, {**versions, PINNED_BY: version})


def snapshot_as_of(storage: Storage, tables: Sequence[str], at: datetime) -> Snapshot:
    """Return the lake as it was at a time: every table at its newest version that was committed by then.

    Whoever is named in `details` has its trades and equity, for these were committed before it, and removed
    after it. A table that had no commit yet is absent.

    Raises:
        FutureTimeError: If the time is still to come, by more than clocks differ.
        VersionGoneError: If the log, or a file, of such a version is no longer there.
    """
    now = datetime.now(UTC)
    if at > now + CLOCKS_DIFFER:
        raise FutureTimeError(*(f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for time in (at, now)))
    return _pinned(storage, _versions_at(storage, tables, at))


def _versions_at(storage: Storage, tables: Sequence[str], at: datetime) -> dict[str, int]:
    """Return the versions at a time; `details` first, and again at the end, for a time that is just now."""
    while True:
        first = version_at(storage, "details", at)
        versions = {name: version_at(storage, name, at) for name in tables if name != "details"}
        if "details" not in tables:
            return versions
        if version_at(storage, "details", at) == first:
            return {**versions, "details": first}


def version_at(storage: Storage, table: str, at: datetime) -> int:
    """Return a table's newest version that was committed at or before a time; `ABSENT` if there was none.

    Reads a few entries of the log, whatever its length.

    Raises:
        VersionGoneError: If the log no longer reaches back so far.
    """
    log = log_files(storage, table)
    held = [version for version in log.entries if version >= log.oldest]
    place = bisect_right(held, at, key=lambda version: read_entry(storage, table, version).at)
    while place > 1 and read_entry(storage, table, held[place - 2]).at > at:
        place -= 1  # the clock of another tool was behind: what it followed was not there yet
    if place:
        return held[place - 1]
    if log.newest >= 0 and log.oldest > 0:
        raise _gone(storage, table, at.isoformat())
    return ABSENT


def _pinned(storage: Storage, versions: Mapping[str, int]) -> Snapshot:
    tables = {name: _load(storage, name, version) for name, version in versions.items()}
    for table in tables.values():
        if table.files and missing_files(table, stored_paths(storage, table.name)):
            asked = f"version {table.version} (files of it are gone)"
            raise _gone(storage, table.name, asked, table.version + 1)
    return Snapshot(storage, tables)


def _load(storage: Storage, table: str, version: int) -> TableSnapshot:
    if version == ABSENT:
        return absent(table)

    def loaded() -> TableSnapshot:
        options = storage.delta_options
        try:
            handle = DeltaTable(storage.uri(table), version=version, storage_options=options)
        except DeltaError as error:
            raise_if_damaged(storage, table, error)
            raise
        return table_snapshot(table, handle)

    return asked(storage, loaded)


def stored_paths(storage: Storage, table: str) -> dict[str, int]:
    """Return the files that lie in a table's folder, path relative to it to size; one listing."""
    return {file.path.removeprefix(f"{table}/"): file.size_bytes for file in storage.walk(table)}


def missing_files(table: TableSnapshot, there: Mapping[str, int]) -> list[str]:
    """Return the paths of a table's files that do not lie in its folder."""
    return [file.path for file in table.files if file.path not in there]


def _gone(storage: Storage, table: str, asked: str, first: int = 0) -> VersionGoneError:
    """Return the error; no version before `first` and since the one that was asked is there."""
    log = log_files(storage, table)
    oldest = _oldest_readable(storage, table, range(max(first, log.oldest), log.newest + 1))
    told = "none (see `sweeplake check`)" if oldest is None else _dated(storage, table, oldest)
    return VersionGoneError(table, asked, told, _dated(storage, table, log.newest))


def _oldest_readable(storage: Storage, table: str, versions: range) -> int | None:
    """Return the oldest version whose files are all there: what vacuum takes, no later version has."""
    there = stored_paths(storage, table)
    place = bisect_left(
        versions, 1, key=lambda version: not missing_files(_load(storage, table, version), there)
    )
    return versions[place] if place < len(versions) else None


def _dated(storage: Storage, table: str, version: int) -> str:
    if version < 0:
        return "none: it has no commit yet"
    try:
        return f"{version} ({read_entry(storage, table, version).at:%Y-%m-%dT%H:%M:%SZ})"
    except FileNotFoundError:
        return str(version)
