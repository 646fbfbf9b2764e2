"""Snapshots: the files that a reader sees, fixed at one version of every table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from lake.errors import LakeUnreachableError
from lake.instant import Instant
from lake.layout import schema_signature
from lake.log import (
    LogDamagedError,
    entry_path,
    log_files,
    made_name,
    raise_if_damaged,
    read_actions,
    require_whole,
)
from lake.parquet import read_columns
from lake.retrying import retried
from lake.schemas import TABLES
from lake.storage import Storage

ABSENT = -1
"""Version of a table that does not exist yet."""
_KEPT_SECONDS = 60.0
"""No entry of a log is cleaned away that is younger than twice this (`lake.head`)."""
PATIENCE_SECONDS = 5.0
_BROKEN = "Generic "
"""What delta-rs calls errors of transport; others, such as missing rights, it names."""
T = TypeVar("T")


@dataclass(frozen=True)
class DataFile:
    """One visible Parquet file.

    Attributes:
        path: Path relative to the table, as it lies on disk.
        size_bytes: Size of the file.
        rows: Row count.
        partition: Partition values as text.
        signature: Files of one signature have the same columns.
        minimum: Smallest value per column, where the log has one.
        maximum: Largest value per column, where the log has one.
        nulls: NULLs per column, where the log counts them.
    """

    path: str
    size_bytes: int
    rows: int
    partition: Mapping[str, str]
    signature: str
    minimum: Mapping[str, Any]
    maximum: Mapping[str, Any]
    nulls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TableSnapshot:
    """One table at one version.

    Attributes:
        name: Table name.
        version: Delta version; `ABSENT` if the table does not exist.
        schema: Arrow schema, partition and parameter columns included.
        files: Its visible files.
    """

    name: str
    version: int
    schema: pa.Schema
    files: tuple[DataFile, ...]

    def matching(self, where: Mapping[str, str]) -> Iterator[DataFile]:
        """Yield the files of the partitions whose values equal these."""
        for file in self.files:
            if all(file.partition.get(name) == value for name, value in where.items()):
                yield file


@dataclass(frozen=True)
class Snapshot:
    """Several tables, read as of one moment."""

    storage: Storage
    tables: Mapping[str, TableSnapshot]

    def __getitem__(self, table: str) -> TableSnapshot:
        return self.tables[table]

    def read(
        self, table: str, *, where: Mapping[str, str] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return rows of the partitions that match, partition columns included.

        Args:
            table: Table name.
            where: Exact partition values; None reads all.
            columns: Columns to read; None reads all.

        Returns:
            Rows in file order; columns that a file lacks are NULL.
        """
        held = self.tables[table]
        spec = TABLES[table]
        wanted = list(columns) if columns is not None else held.schema.names
        fields = [held.schema.field(name) for name in wanted]
        parts = []
        for file in held.matching(where or {}):
            with self.storage.open(f"{table}/{file.path}", file.size_bytes) as source:
                ahead = not self.storage.local  # many ranges in few requests
                stored = pq.ParquetFile(source, page_checksum_verification=True, pre_buffer=ahead)
                names = [name for name in wanted if name in stored.schema_arrow.names]
                rows = read_columns(stored, names)
            arrays = [
                rows.column(item.name).cast(item.type)
                if item.name in names
                else _repeated(file.partition.get(item.name), rows.num_rows).cast(item.type)
                if item.name in spec.partition_by
                else pa.nulls(rows.num_rows, item.type)
                for item in fields
            ]
            parts.append(pa.table(arrays, schema=pa.schema(fields)))
        return pa.concat_tables(parts) if parts else pa.schema(fields).empty_table()


def _repeated(value: str | None, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def absent(name: str) -> TableSnapshot:
    """Return the snapshot of a table that does not exist yet: its fixed schema, no files."""
    return TableSnapshot(name, ABSENT, TABLES[name].schema, ())


def delta_table(storage: Storage, name: str) -> DeltaTable | None:
    """Return a handle on a table's newest version; None if the table does not exist yet.

    Raises:
        LakeUnreachableError: If the storage does not answer.
        LogDamagedError: If the table's log is not whole, or is gone.
    """

    def opened() -> DeltaTable | None:
        try:
            return DeltaTable(storage.uri(name), storage_options=storage.delta_options)
        except TableNotFoundError:
            return None
        except DeltaError as error:
            raise_if_damaged(storage, name, error)
            raise

    handle = asked(storage, opened)
    if handle is None and storage.read_if_there(made_name(name)) is not None:
        handle = asked(storage, opened)  # another may have made the table between the two looks
        if handle is None:
            raise LogDamagedError(name, f"{name}/_delta_log", "it is gone")
    if handle is not None:
        require_whole(storage, name, handle.version())
    return handle


def taken_out_since(storage: Storage, held: TableSnapshot, since: Instant) -> bool:
    """Return whether anything was taken out of a table since a version of it was loaded.

    Who opens tables one after the other learns by it whether they fit each other, whatever was appended
    meanwhile. It costs a request, and one for each entry that came.

    Args:
        storage: Where it lies.
        held: What was loaded.
        since: A moment before that.

    Raises:
        LakeUnreachableError: If the storage does not answer.
        LogDamagedError: If an entry is cut off.
    """
    version = held.version
    while (data := storage.read_if_there(entry_path(held.name, version + 1))) is not None:
        version += 1
        if any("remove" in action for action in read_actions(held.name, version, data)):
            return True
    return since.age() > _KEPT_SECONDS and log_files(storage, held.name).newest > version


def load_table(storage: Storage, name: str) -> TableSnapshot:
    """Read one table's newest version from its log.

    Raises:
        LakeUnreachableError: If the storage does not answer.
    """
    table = delta_table(storage, name)
    if table is None:
        return absent(name)
    return asked(storage, lambda: table_snapshot(name, table))


def table_snapshot(name: str, handle: DeltaTable) -> TableSnapshot:
    """Return one table at the version that a handle holds."""
    schema = pa.schema(handle.schema().to_arrow())
    return TableSnapshot(name, handle.version(), schema, tuple(_files(name, handle)))


def asked(storage: Storage, call: Callable[[], T]) -> T:
    """Return what a call of delta-rs does, which is safe to repeat.

    delta-rs asks again by itself, but not for an answer that broke off midway.

    Raises:
        LakeUnreachableError: If the storage does not answer.
    """
    try:
        return retried(call, lambda error: not storage.local and _BROKEN in str(error), PATIENCE_SECONDS)
    except (OSError, DeltaError) as error:
        raise LakeUnreachableError(storage.url, str(error).partition("\n")[0]) from error


def _files(name: str, table: DeltaTable) -> Iterator[DataFile]:
    partition_by = TABLES[name].partition_by
    # Not `pa.table`: it imports pandas to look whether it was given a frame.
    for action in pa.RecordBatchReader.from_stream(table.get_add_actions()).read_all().to_pylist():
        path = unquote(action["path"])
        values = action.get("partition") or action.get("partition_values") or {}
        yield DataFile(
            path=path,
            size_bytes=action["size_bytes"],
            rows=action["num_records"] or 0,
            partition={key: str(values[key]) for key in partition_by},
            signature=schema_signature(path),
            minimum={key: value for key, value in (action.get("min") or {}).items() if value is not None},
            maximum={key: value for key, value in (action.get("max") or {}).items() if value is not None},
            nulls={key: held for key, held in (action.get("null_count") or {}).items() if held is not None},
        )
