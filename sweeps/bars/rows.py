"""Rows: bars as the lake's table stores them, and back."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa

from lake.schemas import TABLES
from sweeps.bars.frame import VALUES, Bars, FloatArray

_FIXED = frozenset(TABLES["bars"].schema.names)


def to_rows(bars: Bars, ingested_at: datetime) -> pa.Table:
    """Return the rows of one partition of the bars table; NaN of a further column becomes NULL."""
    count = len(bars)
    columns: dict[str, pa.Array] = {
        "time": pa.array(bars.time, pa.int64()).cast(pa.timestamp("us", "UTC")),
        **{name: pa.array(getattr(bars, name)) for name in VALUES},
        "adjusted": pa.repeat(bars.adjusted, count),
        "session_tz": pa.repeat(bars.session_tz, count),
        "periods_per_year": pa.repeat(bars.periods_per_year, count),
        "fingerprint": pa.repeat(bars.fingerprint(), count),
        "ingested_at": pa.repeat(pa.scalar(ingested_at, pa.timestamp("us", "UTC")), count),
        **{name: pa.array(column, from_pandas=True) for name, column in bars.extra.items()},
    }
    return pa.table(columns)


def from_rows(rows: pa.Table, symbol: str, timeframe: str) -> Bars:
    """Return the bars of one partition's rows, at least one; NULL becomes NaN.

    Further columns of which these bars have no value are those of other symbols, and are left out.
    """
    rows = rows.sort_by("time")
    extra = {
        name: _numbers(rows, name)
        for name in rows.column_names
        if name not in _FIXED and rows.column(name).null_count < rows.num_rows
    }
    recorded: Mapping[str, object] = rows.slice(rows.num_rows - 1).to_pylist()[0]
    return Bars(
        symbol=symbol,
        timeframe=timeframe,
        time=np.asarray(rows.column("time").cast(pa.int64())),
        open=_numbers(rows, "open"),
        high=_numbers(rows, "high"),
        low=_numbers(rows, "low"),
        close=_numbers(rows, "close"),
        volume=_numbers(rows, "volume"),
        extra=extra,
        session_tz=str(recorded["session_tz"]),
        periods_per_year=float(str(recorded["periods_per_year"])),
        adjusted=bool(recorded["adjusted"]),
    )


def _numbers(rows: pa.Table, name: str) -> FloatArray:
    return np.asarray(rows.column(name).fill_null(np.nan), dtype=np.float64)
