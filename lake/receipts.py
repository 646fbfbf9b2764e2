"""Receipts: what a writer hands to the driver, who alone makes it visible."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from lake.schemas import TABLES

SMALL_BYTES = 1_000_000
"""Rows under this travel as Arrow bytes and are packed with others; more are written by the worker."""


@dataclass(frozen=True)
class FileReceipt:
    """One Parquet file that was written and is not visible yet.

    Attributes:
        table: Its table.
        path: Path relative to the table.
        size_bytes: Size of the file.
        rows: Row count.
        partition: Partition values.
        statistics: Delta's statistics document, JSON.
        sha256: Hash of the file's bytes.
        columns: Columns beyond the table's fixed ones, name to Arrow type name.
        written_at: Seconds since 1970 by the writer's clock, just before it was written; None: not known.
    """

    table: str
    path: str
    size_bytes: int
    rows: int
    partition: Mapping[str, str]
    statistics: str
    sha256: str
    columns: Mapping[str, str] = field(default_factory=dict)
    written_at: float | None = None

    def to_document(self) -> dict[str, Any]:
        """Return it as a JSON document; `FileReceipt(**document)` is the inverse."""
        return asdict(self)

    def bounds(self, column: str) -> tuple[Any, Any]:
        """Return the smallest and largest value of a column; None where the statistics have none."""
        document = json.loads(self.statistics)
        return document["minValues"].get(column), document["maxValues"].get(column)


@dataclass(frozen=True)
class Rows:
    """Rows of one partition on their way to a file.

    Attributes:
        table: Their table.
        partition: Partition values; the rows do not have these columns.
        ipc: The rows as an Arrow stream.
    """

    table: str
    partition: Mapping[str, str]
    ipc: bytes

    @staticmethod
    def of(table: str, partition: Mapping[str, str], rows: pa.Table) -> "Rows":
        """Encode rows for the way to the driver."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        return Rows(table, dict(partition), sink.getvalue().to_pybytes())

    def decode(self) -> pa.Table:
        """Return the rows."""
        return pa.ipc.open_stream(self.ipc).read_all()


def pack(rows: Iterable[Rows]) -> Sequence[tuple[str, Mapping[str, str], pa.Table]]:
    """Group rows that may share a file: one (table, partition, rows) per table, partition and column set."""
    groups: dict[tuple[Any, ...], list[pa.Table]] = {}
    partitions: dict[tuple[Any, ...], Mapping[str, str]] = {}
    for part in rows:
        table = part.decode()
        key = (part.table, tuple(sorted(part.partition.items())), tuple(sorted(table.column_names)))
        groups.setdefault(key, []).append(table)
        partitions[key] = part.partition
    return [
        (key[0], partitions[key], pa.concat_tables([t.select(tables[0].column_names) for t in tables]))
        for key, tables in groups.items()
    ]


def further_columns(table: str, schema: pa.Schema) -> dict[str, str]:
    """Return the columns that the table's fixed schema does not name, name to Arrow type name."""
    fixed = TABLES[table].schema.names
    return {item.name: str(item.type) for item in schema if item.name not in fixed}


def further_of(files: Iterable[FileReceipt]) -> dict[str, str]:
    """Return the columns of files that their table's fixed schema does not name, name to Arrow type name."""
    return {name: kind for file in files for name, kind in file.columns.items()}
