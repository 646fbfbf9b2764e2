"""Numbers: text or typed cells become float64."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweeps.bars.frame import BoolArray, FloatArray

MISSING = frozenset({"", "-", "na", "n/a", "#n/a", "nan", "null", "none"})
_DECIMAL = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"


def parse_numbers(cells: pa.Array) -> tuple[FloatArray, BoolArray]:
    """Return the numbers of a column, and which cells are none.

    Args:
        cells: Text or numbers, shape (n,).

    Returns:
        Values, NaN where a cell is empty (or says nan, null, n/a, -) or is no number; a mask of the latter.
        Text is rounded correctly, as Python rounds it.
    """
    if is_number(cells.type):
        values = np.asarray(cells.cast(pa.float64()).fill_null(np.nan), dtype=np.float64)
        return values, np.zeros(len(cells), dtype=bool)
    if not is_text(cells.type):
        return np.full(len(cells), np.nan), np.ones(len(cells), dtype=bool)
    text = cells.cast(pa.string()).fill_null("")
    try:
        return np.array(text.cast(pa.float64()), dtype=np.float64), np.zeros(len(cells), dtype=bool)
    except pa.ArrowInvalid:
        return _parse_some(text)


def _parse_some(text: pa.Array) -> tuple[FloatArray, BoolArray]:
    """Parse a column in which not every cell is a number."""
    number = np.asarray(pc.match_substring_regex(text, _DECIMAL))
    missing = np.asarray(pc.is_in(pc.utf8_lower(text), value_set=pa.array(sorted(MISSING))))
    values = np.full(len(text), np.nan)
    bare = pc.replace_substring_regex(text.filter(pa.array(number)), r"^\+", "")
    values[number] = np.asarray(bare.cast(pa.float64()))
    return values, ~number & ~missing


def is_number(kind: pa.DataType) -> bool:
    """Return whether a type holds numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
