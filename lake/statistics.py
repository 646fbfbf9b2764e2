"""Statistics of a file's columns, as Delta's log keeps them: readers prune by them without opening it."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def file_statistics(rows: pa.Table, indexed: Sequence[str]) -> str:
    """Return Delta's statistics document of a file: row count, and bounds and NULL count of some columns.

    Times are cut to milliseconds, the maximum upwards, as the format asks. A column with NaN or without
    values gets no bounds: NaN has no place in an order.
    """
    minimum: dict[str, Any] = {}
    maximum: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for name in indexed:
        column = rows.column(name)
        nulls[name] = column.null_count
        if column.null_count == len(column) or (pa.types.is_floating(column.type) and _has_nan(column)):
            continue
        bounds = pc.min_max(column).as_py()
        low, high = bounds["min"], bounds["max"]
        if isinstance(low, float) and not (math.isfinite(low) and math.isfinite(high)):
            continue
        minimum[name], maximum[name] = (
            document_value(low, upwards=False),
            document_value(high, upwards=True),
        )
    return json.dumps(
        {"numRecords": rows.num_rows, "minValues": minimum, "maxValues": maximum, "nullCount": nulls}
    )


def merged_statistics(documents: Sequence[str]) -> str:
    """Return the statistics of a file from those of its parts, made by `file_statistics`.

    A column of which one part has values without bounds (NaN is among them) gets none.
    """
    parts = [json.loads(document) for document in documents]
    minimum: dict[str, Any] = {}
    maximum: dict[str, Any] = {}
    nulls = {name: sum(part["nullCount"][name] for part in parts) for name in parts[0]["nullCount"]}
    for name in nulls:
        valued = [part for part in parts if part["nullCount"][name] < part["numRecords"]]
        if valued and all(name in part["minValues"] for part in valued):
            minimum[name] = min(part["minValues"][name] for part in valued)
            maximum[name] = max(part["maxValues"][name] for part in valued)
    rows = sum(part["numRecords"] for part in parts)
    return json.dumps({"numRecords": rows, "minValues": minimum, "maxValues": maximum, "nullCount": nulls})


def statistics_document(
    rows: int, minimum: Mapping[str, Any], maximum: Mapping[str, Any], nulls: Mapping[str, int]
) -> str:
    """Return the statistics document of a file that the log knew, as `file_statistics` made it."""
    low = {name: document_value(value, upwards=False) for name, value in minimum.items()}
    high = {name: document_value(value, upwards=True) for name, value in maximum.items()}
    document = {"numRecords": rows, "minValues": low, "maxValues": high, "nullCount": dict(nulls)}
    return json.dumps(document)


def _has_nan(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.is_nan(column)).as_py())


def document_value(value: object, *, upwards: bool) -> object:
    """Return a bound as the document has it; a time is cut to milliseconds, down or up."""
    if isinstance(value, datetime):
        whole = value.replace(microsecond=value.microsecond // 1000 * 1000)
        if upwards and whole != value:
            whole += timedelta(milliseconds=1)
        return whole.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{whole.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    return value
