"""Lines: where arrays lie, and arrays that begin with a line of the processor's cache."""

from typing import Any

import numpy as np
import numpy.typing as npt

CACHE_LINE = 64
PAGE_VALUES = 512
LINES_APART = 5


def address(array: npt.NDArray[Any]) -> int:
    """Return where the values of an array begin."""
    return int(array.__array_interface__["data"][0])


def apart(rows: int, columns: int) -> npt.NDArray[np.float64]:
    """Return an empty table whose rows are read and written side by side: the first columns of each.

    Rows begin some lines apart in a page: a cache keeps few lines of the same place in it.
    """
    step = -(-columns // PAGE_VALUES) * PAGE_VALUES + LINES_APART * CACHE_LINE // 8
    return np.empty((rows, step))


def in_lines(rows: int, columns: int, kind: type[np.generic] = np.float64) -> npt.NDArray[Any]:
    """Return an empty table whose first row begins a line."""
    size = rows * columns * np.dtype(kind).itemsize
    room = np.empty(size + CACHE_LINE, np.uint8)
    first = -address(room) % CACHE_LINE
    return room[first : first + size].view(kind).reshape(rows, columns)
