"""Export: results as CSV, Parquet, Arrow or JSON, streamed batch by batch."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias
from uuid import uuid4

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from queries.documents import plain
from queries.errors import BadValueError, UnknownNameError

Result: TypeAlias = pa.Table | pa.RecordBatchReader
"""Rows: a table, or a stream as `Catalog.batches` returns it."""


def export(rows: Result, form: str, sink: BinaryIO) -> int:
    """Write rows to an open file.

    Args:
        rows: The rows; a stream is read once and never held whole.
        form: csv, parquet, arrow (IPC stream) or json (an array of row objects). CSV has lists as JSON text.
        sink: Where to write; it stays open.

    Returns:
        Count of rows.

    Raises:
        UnknownNameError: If there is no such form.
    """
    if form not in _WRITERS:
        raise UnknownNameError("format", form, FORMS)
    stream = rows.to_reader() if isinstance(rows, pa.Table) else rows
    return _WRITERS[form](stream, sink)


def export_file(rows: Result, path: Path, form: str | None = None) -> int:
    """Write rows to a file, whole or not at all; a file that is there is replaced.

    Args:
        rows: The rows.
        path: The file.
        form: As in `export`; None takes it from the file's extension.

    Returns:
        Count of rows.

    Raises:
        UnknownNameError: If there is no such form.
        BadValueError: If the file cannot be written.
    """
    chosen = form or path.suffix.removeprefix(".").lower()
    if chosen not in _WRITERS:
        raise UnknownNameError("format", chosen, FORMS)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with temporary.open("wb") as sink:
            count = export(rows, chosen, sink)
        os.replace(temporary, path)  # noqa: PTH105
    except OSError as error:
        raise BadValueError("file", str(path), error.strerror or str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _write_csv(stream: pa.RecordBatchReader, sink: BinaryIO) -> int:
    schema = pa.schema([pa.field(item.name, _flat(item.type)) for item in stream.schema])
    count = 0
    with pa.csv.CSVWriter(sink, schema) as writer:
        for batch in stream:
            columns = [_flattened(column) for column in batch.columns]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            count += batch.num_rows
    return count


def _write_parquet(stream: pa.RecordBatchReader, sink: BinaryIO) -> int:
    count = 0
    with pq.ParquetWriter(sink, stream.schema, compression="zstd") as writer:
        for batch in stream:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _write_arrow(stream: pa.RecordBatchReader, sink: BinaryIO) -> int:
    count = 0
    with pa.ipc.new_stream(sink, stream.schema) as writer:
        for batch in stream:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _write_json(stream: pa.RecordBatchReader, sink: BinaryIO) -> int:
    sink.write(b"[")
    count = 0
    for row in _rows(stream):
        sink.write(b",\n" if count else b"\n")
        sink.write(json.dumps(plain(row), default=str, ensure_ascii=False).encode())
        count += 1
    sink.write(b"\n]\n" if count else b"]\n")
    return count


def _rows(stream: pa.RecordBatchReader) -> Iterator[dict[str, object]]:
    for batch in stream:
        yield from batch.to_pylist()


def _flat(arrow: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_nested(arrow) else arrow


def _flattened(column: pa.Array) -> pa.Array:
    if not pa.types.is_nested(column.type):
        return column
    texts = [None if item is None else json.dumps(plain(item), default=str) for item in column.to_pylist()]
    return pa.array(texts, pa.string())


_WRITERS: dict[str, Callable[[pa.RecordBatchReader, BinaryIO], int]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "arrow": _write_arrow,
    "json": _write_json,
}
FORMS = tuple(_WRITERS)
