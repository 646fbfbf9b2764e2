"""Head: the newest version of a table, as a writer follows it from entry to entry.

A commit is one object of the log, put if absent under the next number. Whoever gets a number knows by that
that nobody had it, and so that the version before was the newest and all it knew was true. So a writer that
commits alone asks nothing: neither which version is newest, nor what is in it. Who finds the number taken
reads the entries that came, and decides again.

One thing could deceive it: old entries are cleaned away, and a writer that slept for long would find a
number free that was taken once. Cleaning leaves every entry for twice `SETTLED_SECONDS` at least; a head
that was not seen to be the newest for `FRESH_SECONDS` is held against a listing of the log first, and a
commit that took longer than `SETTLED_SECONDS` since is looked for in one.
"""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lake.checkpoints import make_checkpoint
from lake.errors import LakeError
from lake.evolution import CHECKPOINT_EVERY, add_columns, missing_columns
from lake.instant import Instant
from lake.log import NOTE, entry_path, log_files, read_actions
from lake.snapshot import TableSnapshot, asked, delta_table, table_snapshot
from lake.storage import Storage

FRESH_SECONDS = 30.0
SETTLED_SECONDS = 60.0
FAR = 200
"""So many entries are read one by one; over more the table is opened anew."""
READER_VERSION, WRITER_VERSION = 1, 2


class TableUpgradedError(LakeError):
    """Another tool gave a table features that a writer must know, and this one does not."""

    def __init__(self, table: str, reader: int, writer: int) -> None:
        super().__init__(table, reader, writer)
        self.table, self.reader, self.writer = table, reader, writer

    def __str__(self) -> str:
        return (
            f"table {self.table} was upgraded by another tool to Delta reader version {self.reader} and "
            f"writer version {self.writer}; sweeplake writes versions {READER_VERSION} and {WRITER_VERSION}; "
            "nothing was written; use a new lake with --lake"
        )


class AppendOnlyError(LakeError):
    """Another tool made a table one that nothing may be taken out of."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table

    def __str__(self) -> str:
        return (
            f"table {self.table} has delta.appendOnly set by another tool: nothing was taken out; unset the "
            "property to compact it, or to remove rows of it"
        )


class TableGoneError(LakeError):
    """A table that this process wrote to is not there any more, or is another one of the same name."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table

    def __str__(self) -> str:
        return (
            f"table {self.table} was deleted, created anew or repaired by another process while this one "
            "used it; nothing more was written; open the lake again"
        )


class EntryAstrayError(LakeError):
    """A commit was put where the log may have been cleaned away meanwhile."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table

    def __str__(self) -> str:
        return f"this machine slept, or stood still, for over {SETTLED_SECONDS:.0f} s"


class Head:
    """A table's newest version, as far as this process knows.

    Attributes:
        version: Its number.
        at_ms: When it was committed, by its own entry, in milliseconds since 1970.
        schema: The table's columns.
        append_only: Whether nothing may be taken out.
        lock: Held by who commits on it.
        removed_by_others: Files that other tools took out since it was loaded.
        lost_sight: Whether entries went by that could not be read, so that this is not all of them.
    """

    def __init__(self, storage: Storage, table: str, handle: DeltaTable, since: Instant) -> None:
        """Stand on the version that a handle holds, which was the newest at some moment since an instant.

        Raises:
            TableUpgradedError: If another tool gave the table features that are not known here.
        """
        self.lock = threading.RLock()
        self.removed_by_others: set[str] = set()
        self.lost_sight = False
        self.version: int
        self.at_ms = 0
        self.schema: pa.Schema
        self.append_only: bool
        self._handle: DeltaTable
        self._id = str(handle.metadata().id)
        self._steps: dict[str, int] = {}
        self._stood = b""
        self._storage, self._table, self._seen = storage, table, since
        self._rest(handle)
        self._take(self.version)

    @staticmethod
    def newest(storage: Storage, table: str) -> "Head | None":
        """Return the newest version of a table; None if there is no such table.

        Raises:
            LakeUnreachableError: If the storage does not answer.
            TableUpgradedError: If another tool gave the table features that are not known here.
        """
        since = Instant.now()
        handle = delta_table(storage, table)
        return None if handle is None else Head(storage, table, handle, since)

    def snapshot(self) -> TableSnapshot:
        """Return the files of the version that it was loaded at; nothing may have been followed since."""
        return table_snapshot(self._table, self._handle)

    def step(self, app_id: str) -> int | None:
        """Return the application's last transaction, or None."""
        own = self._steps.get(app_id)
        if own is not None:
            return own
        try:
            held = self._handle.transaction_version(app_id)
        except DeltaError:  # it reads when it is asked, and its entries were cleaned away
            self._rest(self._opened(self.version))
            held = self._handle.transaction_version(app_id)
        return None if held is None else int(held)

    def follow(self, *, only_if_old: bool = False) -> None:
        """Read on to the newest version.

        Raises:
            LakeUnreachableError: If the storage does not answer.
            LogDamagedError: If an entry is cut off.
            TableGoneError: If the table is no more.
        """
        is_old = self._seen.age() > FRESH_SECONDS
        if only_if_old and not is_old:
            return
        now = Instant.now()
        if is_old and not self._is_near():
            self._rest(self._opened(None))
            self._take(self.version)
            self.lost_sight = True
        else:
            while self._take(self.version + 1):
                pass
        self._seen = now

    def put(self, version: int, data: bytes, steps: Mapping[str, int]) -> bool:
        """Make an entry a version; False if another has the number.

        Raises:
            LakeUnwritableError: If the store did not answer: whether it is there is not known.
            EntryAstrayError: If it took so long that the log may have been cleaned meanwhile.
            TableGoneError: If the table is no more; seen at once on disk alone.
        """
        now, before = Instant.now(), self._seen
        if version == self.version + 1:
            self._require_same()
        if not self._storage.put_if_absent(entry_path(self._table, version), data):
            return False
        if before.age() > SETTLED_SECONDS and not self._is_joined(version):
            raise EntryAstrayError(self._table)
        if version == self.version + 1:
            self.version, self._seen = version, now
            self._steps.update(steps)
            self._stood = _digest(data)
        return True

    def evolve(self, further: Mapping[str, str]) -> None:
        """Add the columns that the table lacks, in a commit of their own.

        Raises:
            ColumnClashError: If one exists with another type or another spelling.
            DeltaError: If a rival was faster; to be tried again.
        """
        if missing_columns(self._table, self.schema, further):
            add_columns(self._opened(None), self._table, further)
            self.follow()

    def checkpoint_if_due(self) -> None:
        """Sum the log up every so many versions; where that fails the next one makes up for it."""
        if self.version % CHECKPOINT_EVERY == 0:
            with suppress(DeltaError, OSError, LakeError):
                handle = self._opened(self.version)
                make_checkpoint(self._storage, self._table, handle)
                self._rest(handle)

    def _opened(self, version: int | None) -> DeltaTable:
        """Return a handle on a version, None the newest, of this same table."""
        uri, options = self._storage.uri(self._table), self._storage.delta_options
        if version is None:
            handle = delta_table(self._storage, self._table)
        else:
            handle = asked(self._storage, lambda: DeltaTable(uri, version=version, storage_options=options))
        if handle is None or str(handle.metadata().id) != self._id:
            raise TableGoneError(self._table)
        return handle

    def _rest(self, handle: DeltaTable) -> None:
        """Stand on the version that a handle holds."""
        protocol = handle.protocol()
        if protocol.min_reader_version > READER_VERSION or protocol.min_writer_version > WRITER_VERSION:
            raise TableUpgradedError(self._table, protocol.min_reader_version, protocol.min_writer_version)
        self._handle, self.version, self._steps = handle, int(handle.version()), {}
        self.schema = pa.schema(handle.schema().to_arrow())
        self.append_only = handle.metadata().configuration.get("delta.appendOnly") == "true"

    def _take(self, version: int) -> bool:
        """Take the entry of a version in; False if it is not there."""
        data = self._storage.read_if_there(entry_path(self._table, version))
        if data is None:
            return False
        actions = read_actions(self._table, version, data)
        infos = [action["commitInfo"] for action in actions if "commitInfo" in action]
        self.at_ms = max([self.at_ms, *(int(info.get("timestamp", 0)) for info in infos)])
        if version == self.version:
            self._stood = _digest(data)
            return True
        self.version, self._stood = version, _digest(data)
        self._steps |= {txn["appId"]: txn["version"] for txn in _of_kind(actions, "txn")}
        if not any(NOTE in info for info in infos):
            self.removed_by_others |= {unquote(file["path"]) for file in _of_kind(actions, "remove")}
        if any(_of_kind(actions, kind) for kind in ("metaData", "protocol")):
            self._rest(self._opened(version))
        return True

    def _require_same(self) -> None:
        """Return if this version's entry is the one that was read, where asking costs next to nothing.

        Raises:
            TableGoneError: If it is not.
        """
        if self._storage.local and self._stood:
            held = self._storage.read_if_there(entry_path(self._table, self.version))
            if held is None or _digest(held) != self._stood:
                raise TableGoneError(self._table)

    def _is_near(self) -> bool:
        """Return whether the log has every entry since this version, and not too many."""
        log = log_files(self._storage, self._table)
        return log.has_all_since(self.version) and log.newest - self.version < FAR

    def _is_joined(self, version: int) -> bool:
        """Return whether an entry that was put late follows those before it, and nothing was cleaned."""
        log = log_files(self._storage, self._table)
        return log.has_all_since(self.version) and log.checkpoints[-1:] < (version,)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def _of_kind(actions: Sequence[Mapping[str, Any]], kind: str) -> list[Any]:
    return [action[kind] for action in actions if kind in action]
