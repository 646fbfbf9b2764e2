"""Export: results as files, streamed batch by batch where the form has no bound."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from queries import excel, html
from queries.errors import DoesNotFitError, UnknownNameError
from queries.files import whole
from queries.holding import fitting, holdable
from queries.sheets import Sheet, cells
from queries.values import plain

Result: TypeAlias = pa.Table | pa.RecordBatchReader
"""Rows: a table, or a stream as `Catalog.batches` returns it."""


def export(rows: Result, form: str, sink: BinaryIO) -> int:
    """Write rows to an open file.

    Args:
        rows: The rows; a stream is read once and never held whole.
        form: csv, parquet, arrow (IPC stream), json (an array of row objects), xlsx or html. CSV and xlsx
            have lists as JSON text; columns are as `holdable` has them. Of xlsx and html all rows are held
            before the first is written.
        sink: Where to write; it stays open.

    Returns:
        Count of rows.

    Raises:
        UnknownNameError: If there is no such form.
        DoesNotFitError: If there are more rows than the form holds; nothing is written then.
        ValueDoesNotFitError: If the form cannot hold a value, or a column's type.
        MissingPackageError: If what writes the form is not installed.
    """
    stream = rows.to_reader() if isinstance(rows, pa.Table) else rows
    write = _WRITERS[_known(form, FORMS)]
    with fitting(form):
        return write(holdable(stream), sink)


def export_file(rows: Result, path: Path, form: str | None = None) -> int:
    """Write rows to a file, whole or not at all; a file that is there is replaced, as `whole` does it.

    Args:
        rows: The rows.
        path: The file.
        form: As in `export`; None takes it from the file's extension.

    Returns:
        Count of rows.

    Raises:
        BadValueError: If the file cannot be written; else as `export`.
    """
    chosen = _known(form or form_of(path), FORMS)
    return whole(path, lambda sink: export(rows, chosen, sink))


def export_sheets(sheets: Sequence[Sheet], path: Path, form: str | None = None) -> int:
    """Write several tables to one file, xlsx or html, whole or not at all; as `export_file`.

    Returns:
        Count of tables.
    """
    chosen = _known(form or form_of(path), BOUND)

    def write(sink: BinaryIO) -> int:
        with fitting(chosen):
            is_workbook = chosen == "xlsx"
            return len(excel.write_workbook(sheets, sink) if is_workbook else _page(path.stem, sheets, sink))

    return whole(path, write)


def form_of(path: Path) -> str:
    """Return the form that a file's name asks for, whether there is one or not."""
    return path.suffix.removeprefix(".").lower()


def _known(form: str, forms: Sequence[str]) -> str:
    if form not in forms:
        raise UnknownNameError("format", form, forms)
    return form


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
    count = 0
    for row in _rows(stream):
        sink.write(b",\n" if count else b"[\n")
        sink.write(json.dumps(plain(row), default=str, ensure_ascii=False).encode())
        count += 1
    sink.write(b"\n]\n" if count else b"[]\n")
    return count


def _write_xlsx(stream: pa.RecordBatchReader, sink: BinaryIO) -> int:
    rows = cells(_held("xlsx", stream, excel.MOST_ROWS))
    return sum(excel.write_workbook([Sheet("rows", stream.schema.names, rows)], sink))


def _write_html(stream: pa.RecordBatchReader, sink: BinaryIO) -> int:
    rows = list(cells(_held("html", stream, html.MOST_ROWS)))  # all before the page begins
    return sum(_page("rows", [Sheet("rows", stream.schema.names, rows)], sink))


def _held(form: str, stream: pa.RecordBatchReader, most: int) -> list[pa.RecordBatch]:
    held, count = [], 0
    for batch in stream:
        held.append(batch)
        count += batch.num_rows
        if count > most:
            raise DoesNotFitError(form, f"more than {most:,} rows")
    return held


def _page(name: str, sheets: Sequence[Sheet], sink: BinaryIO) -> list[int]:
    text = io.TextIOWrapper(sink, encoding="utf-8", newline="\n")
    try:
        return html.write_page(name, sheets, text)
    finally:
        text.detach()  # flushed, and the sink stays open


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
    "xlsx": _write_xlsx,
    "html": _write_html,
}
FORMS = tuple(_WRITERS)
BOUND = ("xlsx", "html")
"""Forms with a limit of rows, which also take several tables."""
