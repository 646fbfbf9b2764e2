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
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from lake.errors import LakeError
from lake.evolution import add_columns, missing_columns
from lake.log import NOTE, entry_path, log_files, read_actions
from lake.schemas import TABLES
from lake.snapshot import asked, delta_table
from lake.storage import Storage

FRESH_SECONDS = 30.0
SETTLED_SECONDS = 60.0
CHECKPOINT_EVERY = 50
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


class EntryAstrayError(LakeError):
    """A commit was put where the log may have been cleaned away meanwhile."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table

    def __str__(self) -> str:
        return f"this machine slept, or stood still, for over {SETTLED_SECONDS:.0f} s"


@dataclass(frozen=True)
class _Instant:
    """A moment, by two clocks: one stands still while a machine sleeps, the other can be set."""

    steady: float
    wall: float

    @staticmethod
    def now() -> "_Instant":
        return _Instant(time.monotonic(), time.time())

    def age(self) -> float:
        """Return the seconds since."""
        now = _Instant.now()
        return max(now.steady - self.steady, now.wall - self.wall)


class Head:
    """A table's newest version, as far as this process knows.

    Attributes:
        version: Its number.
        schema: The table's columns.
        lock: Held by who commits on it.
        removed_by_others: Files that other tools took out since it was loaded.
    """

    def __init__(self, storage: Storage, table: str, handle: DeltaTable) -> None:
        """Stand on the version that a handle holds, which was opened just now.

        Raises:
            TableUpgradedError: If another tool gave the table features that are not known here.
        """
        self.lock = threading.RLock()
        self.removed_by_others: set[str] = set()
        self.version: int
        self.schema: pa.Schema
        self._seen: _Instant
        self._handle: DeltaTable
        self._steps: dict[str, int] = {}
        self._storage, self._table = storage, table
        self._rest(handle, _Instant.now())

    def step(self, app_id: str) -> int | None:
        """Return the application's last transaction, or None."""
        own = self._steps.get(app_id)
        if own is not None:
            return own
        held = self._handle.transaction_version(app_id)
        return None if held is None else int(held)

    def follow(self, *, only_if_old: bool = False) -> None:
        """Read on to the newest version.

        Raises:
            LakeUnreachableError: If the storage does not answer.
            LogDamagedError: If an entry is cut off.
        """
        is_old = self._seen.age() > FRESH_SECONDS
        if only_if_old and not is_old:
            return
        now = _Instant.now()
        if is_old and not self._is_joined():
            self._rest(opened(self._storage, self._table), now)
            return
        while (data := self._storage.read_if_there(entry_path(self._table, self.version + 1))) is not None:
            self._absorb(read_actions(self._table, self.version + 1, data))
        self._seen = now

    def put(self, version: int, data: bytes, steps: dict[str, int]) -> bool:
        """Make an entry a version; False if another has the number.

        Raises:
            LakeUnwritableError: If the store did not answer: whether it is there is not known.
            EntryAstrayError: If it took so long that the log may have been cleaned meanwhile.
        """
        now, age = _Instant.now(), self._seen
        if not self._storage.put_if_absent(entry_path(self._table, version), data):
            return False
        if age.age() > SETTLED_SECONDS and not self._is_joined():
            raise EntryAstrayError(self._table)
        if version == self.version + 1:
            self.version, self._seen = version, now
            self._steps.update(steps)
        return True

    def evolve(self, further: dict[str, str]) -> None:
        """Add the columns that the table lacks, in a commit of their own.

        Raises:
            ColumnClashError: If one exists with another type or another spelling.
            DeltaError: If a rival was faster; to be tried again.
        """
        if missing_columns(self._table, self.schema, further):
            now, handle = _Instant.now(), opened(self._storage, self._table)
            add_columns(handle, self._table, further)
            self._rest(handle, now)

    def checkpoint_if_due(self) -> None:
        """Sum the log up every so many versions; where that fails the next one makes up for it."""
        if self.version % CHECKPOINT_EVERY == 0:
            with suppress(DeltaError, OSError, LakeError):
                now, handle = _Instant.now(), opened(self._storage, self._table)
                handle.create_checkpoint()
                self._rest(handle, now)

    def _rest(self, handle: DeltaTable, seen: _Instant) -> None:
        """Stand on the version that a handle holds."""
        protocol = handle.protocol()
        if protocol.min_reader_version > READER_VERSION or protocol.min_writer_version > WRITER_VERSION:
            raise TableUpgradedError(self._table, protocol.min_reader_version, protocol.min_writer_version)
        self._handle, self.version, self._seen = handle, int(handle.version()), seen
        self.schema = pa.schema(handle.schema().to_arrow())
        self._steps = {}

    def _absorb(self, actions: list[dict[str, Any]]) -> None:
        """Take the next entry in."""
        kinds = {kind for action in actions for kind in action}
        if kinds & {"metaData", "protocol"}:
            self._rest(opened(self._storage, self._table), _Instant.now())
            return
        self.version += 1
        for action in actions:
            if "txn" in action:
                self._steps[action["txn"]["appId"]] = action["txn"]["version"]
        if not any(NOTE in action.get("commitInfo", {}) for action in actions):
            self.removed_by_others.update(
                unquote(action["remove"]["path"]) for action in actions if "remove" in action
            )

    def _is_joined(self) -> bool:
        """Return whether the log still has every entry since this version."""
        log = log_files(self._storage, self._table)
        return (
            log.newest >= self.version
            and log.entries[-1:] >= (log.newest,)
            and (sum(version > self.version for version in log.entries) == log.newest - self.version)
        )


def opened(storage: Storage, table: str) -> DeltaTable:
    """Return a handle on a table's newest version, creating the table if need be."""
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
                    "delta.checkpointInterval": str(CHECKPOINT_EVERY),
                    "delta.dataSkippingStatsColumns": ",".join(spec.indexed),
                },
                storage_options=storage.delta_options,
            )
        return DeltaTable(storage.uri(table), storage_options=storage.delta_options)

    return asked(storage, create)
