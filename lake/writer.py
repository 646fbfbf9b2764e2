"""Writer: rows into Parquet files that nobody sees until a commit names them."""

import hashlib
import io
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from lake.layout import new_file_path
from lake.receipts import FileReceipt, further_columns
from lake.schemas import TABLES, TableSpec
from lake.statistics import file_statistics
from lake.storage import Storage

ROW_GROUP_ROWS = 100_000
_DICTIONARY_MAX_SHARE = 0.1


def write_rows(storage: Storage, table: str, rows: pa.Table, partition: Mapping[str, str]) -> FileReceipt:
    """Write rows of one partition into one new file.

    The file is durable and whole when this returns, and invisible until committed; a retry writes another
    file, so an unused one is an orphan that vacuum removes.

    Args:
        storage: The lake's storage.
        table: Table name.
        rows: Rows without the partition columns; fixed columns that are missing become NULL.
        partition: A value for every partition column.

    Returns:
        The receipt to commit.
    """
    spec = TABLES[table]
    ordered = _conform(spec, rows)
    data = encode(ordered)
    path = new_file_path(spec.partition_by, partition, ordered.schema)
    storage.put(f"{table}/{path}", data)
    return FileReceipt(
        table=table,
        path=path,
        size_bytes=len(data),
        rows=ordered.num_rows,
        partition=dict(partition),
        statistics=file_statistics(ordered, spec.indexed),
        sha256=hashlib.sha256(data).hexdigest(),
        columns=further_columns(table, ordered.schema),
    )


def _conform(spec: TableSpec, rows: pa.Table) -> pa.Table:
    """Return the rows in the table's column order, types and sort order; further columns follow by name."""
    fields = [spec.file_schema.field(name) for name in spec.file_schema.names]
    further = sorted(name for name in rows.column_names if name not in spec.schema.names)
    fields += [pa.field(name, rows.schema.field(name).type) for name in further]
    columns = [
        rows.column(item.name).cast(item.type)
        if item.name in rows.column_names
        else pa.nulls(rows.num_rows, item.type)
        for item in fields
    ]
    table = pa.table(columns, schema=pa.schema(fields))
    keys = [(name, "ascending") for name in spec.sort_by if name in table.column_names]
    return table.sort_by(keys) if keys and table.num_rows > 1 else table


def encode(rows: pa.Table) -> bytes:
    """Return Parquet bytes: zstd, floats split by byte, dictionaries where values repeat, page checksums."""
    floats = [item.name for item in rows.schema if pa.types.is_floating(item.type)]
    repeating = [name for name in rows.column_names if name not in floats and _repeats(rows.column(name))]
    sparse = [name for name in floats if _repeats(rows.column(name))]
    sink = io.BytesIO()
    pq.write_table(
        rows,
        sink,
        row_group_size=ROW_GROUP_ROWS,
        compression="zstd",
        compression_level=3,
        use_dictionary=[*repeating, *sparse] or False,
        use_byte_stream_split=[name for name in floats if name not in sparse] or False,
        write_page_checksum=True,
        write_page_index=True,
    )
    return sink.getvalue()


def _repeats(column: pa.ChunkedArray) -> bool:
    """Return whether few distinct values fill the column, judged on its first rows."""
    if pa.types.is_nested(column.type) or pa.types.is_boolean(column.type):
        return False
    head = column.slice(0, 10_000)
    return len(head.unique()) <= max(1, int(len(head) * _DICTIONARY_MAX_SHARE))
