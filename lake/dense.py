"""Dense files: sorted rows of one partition as files of about one size, written as the rows come."""

import hashlib
import time
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from lake.encoding import ROW_GROUP_ROWS, writer_options
from lake.layout import new_file_path
from lake.receipts import FileReceipt, further_columns
from lake.schemas import TABLES
from lake.statistics import file_statistics, merged_statistics
from lake.storage import Storage


class DenseFiles:
    """Files of one partition that are being written; none is seen before its receipt is committed.

    Memory is one row group of rows, and the bytes of one file.
    """

    def __init__(
        self, storage: Storage, table: str, partition: Mapping[str, str], rows: int, target_bytes: int
    ) -> None:
        """Write nothing yet.

        Args:
            storage: The lake's storage.
            table: Table name.
            partition: A value for every partition column.
            rows: How many rows will come.
            target_bytes: Size of a file; the last two share what there is, so that none is much smaller.
        """
        self._storage, self._spec, self._partition = storage, TABLES[table], dict(partition)
        self._left, self._target = rows, target_bytes
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._open: _OpenFile | None = None
        self._receipts: list[FileReceipt] = []

    def write(self, rows: pa.Table) -> None:
        """Take the next rows, all of one schema and without the partition columns."""
        self._held.append(rows)
        self._held_rows += rows.num_rows
        if self._held_rows >= ROW_GROUP_ROWS:
            held = pa.concat_tables(self._held)
            whole = held.num_rows // ROW_GROUP_ROWS * ROW_GROUP_ROWS
            for start in range(0, whole, ROW_GROUP_ROWS):
                self._write_group(held.slice(start, ROW_GROUP_ROWS))
            rest = held.slice(whole)
            self._held, self._held_rows = [rest], rest.num_rows

    def finish(self) -> tuple[FileReceipt, ...]:
        """Write what is held and return the receipts of all files."""
        rest = pa.concat_tables(self._held) if self._held else None
        if rest is not None and rest.num_rows:
            self._write_group(rest)
        self._close()
        return tuple(self._receipts)

    def _write_group(self, rows: pa.Table) -> None:
        self._open = self._open or _OpenFile(rows, self._spec.indexed)
        self._open.write(rows)
        self._left -= rows.num_rows
        size = self._open.size_bytes
        if size >= self._target and self._left * size / self._open.rows >= self._target / 2:
            self._close()

    def _close(self) -> None:
        if self._open is None:
            return
        written, self._open = self._open, None
        data = written.close()
        sha256 = hashlib.sha256(data).hexdigest()
        receipt = FileReceipt(
            table=self._spec.name,
            path=new_file_path(self._spec.partition_by, self._partition, written.schema, sha256, dense=True),
            size_bytes=len(data),
            rows=written.rows,
            partition=self._partition,
            statistics=written.statistics,
            sha256=sha256,
            columns=further_columns(self._spec.name, written.schema),
            written_at=time.time(),
        )
        self._storage.put(f"{receipt.table}/{receipt.path}", data)
        self._receipts.append(receipt)


class _OpenFile:
    """One file that grows by row groups."""

    def __init__(self, first: pa.Table, indexed: Sequence[str]) -> None:
        """Open it; the first rows tell how columns are encoded."""
        self.schema, self.rows = first.schema, 0
        self._indexed, self._parts = indexed, list[str]()
        self._sink = pa.BufferOutputStream()
        self._writer = pq.ParquetWriter(self._sink, first.schema, **writer_options(first))

    @property
    def size_bytes(self) -> int:
        return int(self._sink.tell())

    @property
    def statistics(self) -> str:
        """Delta's statistics document of all rows."""
        return merged_statistics(self._parts)

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
        self._parts.append(file_statistics(rows, self._indexed))
        self.rows += rows.num_rows

    def close(self) -> memoryview:
        """Return its bytes."""
        self._writer.close()
        return memoryview(self._sink.getvalue())
