"""Holding: rows as every form of files, and every table, can hold them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from queries.errors import ValueDoesNotFitError
from queries.values import interval


def holdable(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Return a stream whose columns all have names of their own and no intervals; it is read as this is.

    A later column of the same name is numbered, as DuckDB does: a, a_1. An interval is text as DuckDB writes
    it: neither CSV, Parquet, JSON nor a workbook has such a type.
    """
    names = _apart(rows.schema.names)
    types = [pa.string() if _is_interval(item.type) else item.type for item in rows.schema]
    if names == rows.schema.names and types == rows.schema.types:
        return rows
    fields = zip(names, types, rows.schema, strict=True)
    schema = pa.schema([pa.field(name, arrow, item.nullable) for name, arrow, item in fields])
    batches = (pa.record_batch([_told(column) for column in batch.columns], schema=schema) for batch in rows)
    return pa.RecordBatchReader.from_batches(schema, batches)


@contextmanager
def fitting(form: str) -> Iterator[None]:
    """Tell what a form cannot hold, be it a time beyond Python's years, bytes in CSV or a type of Parquet's.

    Raises:
        ValueDoesNotFitError: If what is done within meets such a value.
    """
    try:
        yield
    except (OverflowError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueDoesNotFitError(form, str(error).split("\n", 1)[0]) from error


def _apart(names: list[str]) -> list[str]:
    taken: list[str] = []
    for name in names:
        other, number = name, 0
        while other in taken:
            number += 1
            other = f"{name}_{number}"
        taken.append(other)
    return taken


def _told(column: pa.Array) -> pa.Array:
    if not _is_interval(column.type):
        return column
    texts = [None if value is None else interval(value) for value in column.to_pylist()]
    return pa.array(texts, pa.string())


def _is_interval(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_interval(arrow))
