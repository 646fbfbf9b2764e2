"""Writer: rows into Parquet files that nobody sees until a commit names them."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.encoding import encode
from lake.layout import new_file_path
from lake.receipts import FileReceipt, further_columns
from lake.schemas import TABLES, TableSpec
from lake.statistics import file_statistics
from lake.storage import Storage


@dataclass(frozen=True, eq=False)
class EncodedFile:
    """A file that only has to be put where its receipt says.

    Attributes:
        receipt: What to commit once it lies there.
        data: Its bytes.
    """

    receipt: FileReceipt
    data: memoryview

    def put(self, storage: Storage) -> FileReceipt:
        """Write the file and return its receipt.

        It is durable and whole when this returns, and invisible until committed.
        """
        storage.put(f"{self.receipt.table}/{self.receipt.path}", self.data)
        return self.receipt


def write_rows(
    storage: Storage, table: str, rows: pa.Table, partition: Mapping[str, str], *, quick: bool = False
) -> FileReceipt:
    """Write rows of one partition into one new file.

    The file is durable and whole when this returns, and invisible until committed; a retry writes another
    file, so an unused one is an orphan that vacuum removes.

    Args:
        storage: The lake's storage.
        table: Table name.
        rows: Rows without the partition columns; fixed columns that are missing become NULL.
        partition: A value for every partition column.
        quick: Whether speed counts more than size; see `encode`.

    Returns:
        The receipt to commit.
    """
    return encode_rows(table, rows, partition, quick=quick).put(storage)


def encode_rows(
    table: str, rows: pa.Table, partition: Mapping[str, str], *, quick: bool = False
) -> EncodedFile:
    """Return rows of one partition as a new file that is not written yet; arguments as in `write_rows`."""
    spec = TABLES[table]
    ordered = _in_order(spec, conformed(spec, rows))
    data = encode(ordered, quick=quick)
    sha256 = hashlib.sha256(data).hexdigest()
    receipt = FileReceipt(
        table=table,
        path=new_file_path(spec.partition_by, partition, ordered.schema, sha256, dense=not quick),
        size_bytes=len(data),
        rows=ordered.num_rows,
        partition=dict(partition),
        statistics=file_statistics(ordered, spec.indexed),
        sha256=sha256,
        columns=further_columns(table, ordered.schema),
        written_at=time.time(),
    )
    return EncodedFile(receipt, data)


def conformed(spec: TableSpec, rows: pa.Table) -> pa.Table:
    """Return the rows in the table's column order and types; further columns follow by name."""
    fields = [spec.file_schema.field(name) for name in spec.file_schema.names]
    further = sorted(name for name in rows.column_names if name not in spec.schema.names)
    fields += [pa.field(name, rows.schema.field(name).type) for name in further]
    columns = [
        _as(rows.column(item.name), item.type)
        if item.name in rows.column_names
        else pa.nulls(rows.num_rows, item.type)
        for item in fields
    ]
    return pa.table(columns, schema=pa.schema(fields))


def _in_order(spec: TableSpec, rows: pa.Table) -> pa.Table:
    keys = [name for name in spec.sort_by if name in rows.column_names]
    if not keys or (len(keys) == 1 and _ascends(rows.column(keys[0]))):
        return rows
    return rows.sort_by([(name, "ascending") for name in keys])


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == kind else column.cast(kind)


def _ascends(column: pa.ChunkedArray) -> bool:
    """Return whether a column is in order already; NULL is not."""
    following = pc.less_equal(column.slice(0, max(len(column) - 1, 0)), column.slice(1))
    return column.null_count == 0 and bool(pc.all(following, min_count=0).as_py())
