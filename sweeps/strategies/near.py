"""Near: rows rounded to float32, which keeps order, so that two rows are compared by half as many bytes."""

import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.strategies.contract import FloatArray
from sweeps.strategies.long_rows import new_row

LINE_VALUES = 16
"""Values of float32 in a cache line."""

LARGE = (1 << 22) // 4
"""NumPy asks for large pages from 4 MiB on."""

Near = npt.NDArray[np.float32]


class NearRows:
    """Rounded rows, each made once and kept as long as its row lives. Threads may share it."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._kept: dict[int, tuple[weakref.ref[FloatArray], Near]] = {}

    def of(self, row: FloatArray) -> Near:
        """Return a row rounded; the value of the window's first bar begins a cache line."""
        kept = self._kept.get(id(row))
        if kept is not None and kept[0]() is row:
            return kept[1]
        key, room = id(row), _room(len(row) + LINE_VALUES)
        first = -(room.__array_interface__["data"][0] // room.itemsize + self._window) % LINE_VALUES
        near = room[first : first + len(row)]
        with np.errstate(over="ignore"):  # beyond float32 is infinite, and then equal, as any tie
            near[:] = row

        def forget(dead: Any) -> None:
            held = self._kept.get(key)
            if held is not None and held[0] is dead:
                del self._kept[key]

        self._kept[key] = weakref.ref(row, forget), near
        return near


def _room(values: int) -> Near:
    return new_row(LARGE if LARGE // 2 < values < LARGE else values, np.float32)
