"""Encoding: rows as the bytes of a Parquet file; quickly while a sweep runs, densely for files that stay."""

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 20_000
PAGE_ROWS = 20_000
_LEVEL, _QUICK_LEVEL = 3, 1
_DICTIONARY_MAX_SHARE = 0.1
_JUDGED_ROWS, _FIRST_ROWS = 10_000, 128


def encode(rows: pa.Table, *, quick: bool = False) -> memoryview:
    """Return Parquet bytes; every page has a checksum, columns whose values repeat have a dictionary.

    Dense: everything is zstd-compressed, floats split by byte, and text that is sorted shares its prefixes.
    Quick: numbers that do not repeat are left as they are. Noise hardly compresses (runs' metrics by an
    eighth), and that alone would take as long as the rest of a block's way to the lake.

    Args:
        rows: The rows, sorted as they shall lie.
        quick: Whether speed counts more than size, as it does for files that compaction rewrites.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, row_group_size=ROW_GROUP_ROWS, **writer_options(rows, quick=quick))
    return memoryview(sink.getvalue())


def writer_options(rows: pa.Table, *, quick: bool = False) -> dict[str, Any]:
    """Return how `pyarrow.parquet` has to write a file that begins with these rows; see `encode`."""
    kinds = {_path(item): item.type for item in rows.schema}
    columns = dict(zip(kinds, rows.columns, strict=True))
    dictionaries = [path for path, column in columns.items() if _repeats(column)]
    plain = [path for path in kinds if path not in dictionaries]
    numbers = [path for path in plain if _is_number(kinds[path])]
    options = {
        "compression": dict.fromkeys(kinds, "zstd") | dict.fromkeys(numbers if quick else (), "none"),
        "compression_level": {
            path: _QUICK_LEVEL if quick else _LEVEL for path in kinds if not (quick and path in numbers)
        },
        "column_encoding": {
            path: encoding for path in plain if not quick and (encoding := _dense_encoding(kinds[path]))
        },
    }
    return {
        "write_batch_size": PAGE_ROWS,
        "use_dictionary": dictionaries or False,
        "write_page_checksum": True,
        "write_page_index": True,
        **{name: given for name, given in options.items() if given},
    }


def _path(item: pa.Field) -> str:
    """Return the name of a column's values inside the file."""
    return f"{item.name}.list.element" if pa.types.is_list(item.type) else str(item.name)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind.value_type if pa.types.is_list(kind) else kind))


def _dense_encoding(kind: pa.DataType) -> str | None:
    """Return how a column is laid out before compression; lists of floats do better as they are."""
    if pa.types.is_floating(kind):
        return "BYTE_STREAM_SPLIT"
    return "DELTA_BYTE_ARRAY" if pa.types.is_string(kind) else None


def _repeats(column: pa.ChunkedArray) -> bool:
    """Return whether few distinct values fill the column, judged on its first rows."""
    if pa.types.is_nested(column.type) or pa.types.is_boolean(column.type):
        return False
    first = column.slice(0, _FIRST_ROWS)
    if len(first.unique()) == _FIRST_ROWS:  # most columns, and soon told
        return False
    head = column.slice(0, _JUDGED_ROWS)
    return len(head.unique()) <= max(1, int(len(head) * _DICTIONARY_MAX_SHARE))
