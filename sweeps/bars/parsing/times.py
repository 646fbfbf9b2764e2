"""Times: text, epochs or typed cells become UTC microseconds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sweeps.bars.frame import BoolArray, FloatArray, IntArray
from sweeps.bars.parsing.decimals import is_text

UNREADABLE = np.iinfo(np.int64).min
REMEDY = "write ISO 8601 (2024-01-31, 2024-01-31T09:30:00Z) or an epoch"

_EPOCH = r"^\d{9,19}(\.\d*)?$"
_OFFSET = r"[T ]\d{2}:?\d{2}.*(Z|z|[+-]\d{2}(:?\d{2})?)$"
# Largest magnitude that still counts as seconds, milliseconds, microseconds: 5138 AD in each of them.
_SECONDS, _MILLIS, _MICROS = 1e11, 1e14, 1e17


@dataclass(frozen=True)
class Times:
    """Parsed times.

    Attributes:
        micros: UTC microseconds since 1970; `UNREADABLE` where there is none.
        reasons: Why, by position, for each that could not be read.
    """

    micros: IntArray
    reasons: dict[int, str]


def parse_times(cells: pa.Array, tz: str) -> Times:
    """Parse a time column.

    Args:
        cells: ISO 8601 text, YYYYMMDD, YYYY/MM/DD, epochs in s, ms, us or ns (told apart by magnitude), or
            typed times, shape (n,).
        tz: Zone of times that carry no offset.
    """
    if pa.types.is_temporal(cells.type):
        return _typed(cells, tz)
    if not is_text(cells.type):
        return _numbers(cells)
    return _texts(cells.cast(pa.string()).fill_null(""), tz)


def epoch_micros(values: FloatArray | IntArray) -> IntArray:
    """Return epochs as microseconds; each value's magnitude tells its unit. Finer than 1 us is cut off."""
    size = np.abs(values.astype(np.float64))
    if np.issubdtype(values.dtype, np.floating):
        up = np.select([size < _SECONDS, size < _MILLIS, size < _MICROS], [1e6, 1e3, 1.0], 1e-3)
        return np.asarray(np.rint(values * up), dtype=np.int64)
    whole = values.astype(np.int64)
    up_whole = np.select([size < _SECONDS, size < _MILLIS], [1_000_000, 1_000], 1)
    return np.asarray(np.where(size < _MICROS, whole * up_whole, whole // 1_000), dtype=np.int64)


def _typed(cells: pa.Array, tz: str) -> Times:
    if pa.types.is_timestamp(cells.type) and cells.type.tz is not None:
        stamps = pd.DatetimeIndex(cells.cast(pa.timestamp("us", "UTC"), safe=False).to_pandas())
        return _checked(stamps, cells, np.zeros(len(cells), dtype=bool))
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        naive = pd.DatetimeIndex(cells.cast(pa.timestamp("us"), safe=False).to_pandas())
        return _checked(_localized(naive, tz), cells, ~np.asarray(naive.isna()), tz)
    return Times(np.full(len(cells), UNREADABLE), _every(cells, REMEDY))


def _numbers(cells: pa.Array) -> Times:
    if pa.types.is_integer(cells.type):
        here = np.asarray(cells.is_valid())
        micros = epoch_micros(np.asarray(cells.fill_null(0)).astype(np.int64))
    elif pa.types.is_floating(cells.type):
        values = np.asarray(cells.fill_null(np.nan), dtype=np.float64)
        here = np.isfinite(values)
        micros = epoch_micros(np.where(here, values, 0.0))
    else:
        return Times(np.full(len(cells), UNREADABLE), _every(cells, REMEDY))
    reasons = {int(at): "no time" for at in np.flatnonzero(~here)}
    return Times(np.where(here, micros, UNREADABLE), reasons)


def _texts(text: pa.Array, tz: str) -> Times:
    epoch = np.asarray(pc.match_substring_regex(text, _EPOCH))
    micros = np.full(len(text), UNREADABLE)
    if epoch.any():
        found = text.filter(pa.array(epoch))
        whole = not pc.any(pc.match_substring(found, ".")).as_py()
        numbers = np.asarray(found.cast(pa.int64() if whole else pa.float64()))
        micros[epoch] = epoch_micros(numbers)
    reasons: dict[int, str] = {}
    if not epoch.all():
        rest = _iso(text.filter(pa.array(~epoch)), tz)
        places = np.flatnonzero(~epoch)
        micros[places] = rest.micros
        reasons = {int(places[at]): reason for at, reason in rest.reasons.items()}
    return Times(micros, reasons)


def _iso(text: pa.Array, tz: str) -> Times:
    """Parse texts that are no epochs."""
    dashed = pc.replace_substring_regex(text, r"^(\d{4})[/.]?(\d{2})[/.]?(\d{2})\b", r"\1-\2-\3")
    stamps = pd.DatetimeIndex(
        pd.to_datetime(dashed.to_pandas(), format="ISO8601", utc=True, errors="coerce")
    ).as_unit("us")
    naive = ~np.asarray(pc.match_substring_regex(dashed, _OFFSET)) & ~np.asarray(stamps.isna())
    if naive.any() and tz != "UTC":
        local = _localized(stamps.tz_localize(None), tz)
        stamps = pd.DatetimeIndex(stamps.where(~naive, local))
    return _checked(stamps, text, naive, tz)


def _localized(naive: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    """Read wall times in a zone; NaT where the clock shows them twice or never."""
    local = naive.as_unit("us").tz_localize(tz, ambiguous="NaT", nonexistent="NaT")
    return local.tz_convert("UTC")


def _checked(stamps: pd.DatetimeIndex, cells: pa.Array, naive: BoolArray, tz: str = "UTC") -> Times:
    """Return microseconds, and reasons where there are none."""
    absent = np.asarray(stamps.isna())
    micros = np.where(absent, UNREADABLE, np.asarray(stamps.as_unit("us").asi8))
    reasons = {}
    for at in np.flatnonzero(absent):
        shown = cells[int(at)].as_py()
        if shown is None or shown == "":
            reasons[int(at)] = "no time"
        elif naive[at]:
            reasons[int(at)] = f'"{shown}" happens twice or never in {tz}; write its offset from UTC'
        else:
            reasons[int(at)] = f'"{shown}" is not a time; {REMEDY}'
    return Times(micros, reasons)


def _every(cells: pa.Array, reason: str) -> dict[int, str]:
    return dict.fromkeys(range(len(cells)), f"a {cells.type} is not a time; {reason}")
