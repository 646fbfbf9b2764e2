"""Long rows: memory that is used again, because the system takes longer to hand it out than a row to be made.

A row of a million numbers is computed in a millisecond, and its pages take two: they are looked for, and
cleared. So the memory of the last rows is kept, and given to the next of its size once nobody refers to it.
"""

import os
import sys
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

LONG_BYTES = 2_000_000
"""Shorter rows are left to NumPy, which has memory for them at hand."""
KEPT_BYTES = 320_000_000
ROOM_BYTES = 1 << 20
"""Rooms are of a multiple of this: rows of nearly a length share them; what no row reaches costs nothing."""


class _Rooms:
    """Memory of rows, whether they are still there or not, the last that was asked for at the end."""

    def __init__(self) -> None:
        self.kept: list[npt.NDArray[np.uint8]] = []
        self.renew()

    def renew(self) -> None:
        """Make a new lock: in a forked process, nobody is left to open that of its parent."""
        self.lock = Lock()


_rooms = _Rooms()
os.register_at_fork(after_in_child=_rooms.renew)


def new_row(values: int, kind: type[np.generic] = np.float64) -> npt.NDArray[Any]:
    """Return a row of some values, whatever they are; its memory is no other row's as long as it is held.

    Threads may call it at once.
    """
    size = values * np.dtype(kind).itemsize
    if size < LONG_BYTES:
        return np.empty(values, kind)
    whole, kept = -(-size // ROOM_BYTES) * ROOM_BYTES, _rooms.kept
    with _rooms.lock:
        for place in range(len(kept)):
            if kept[place].size == whole and _references(kept, place) == _NOBODY:
                room = kept.pop(place)
                break
        else:
            room = np.empty(whole, np.uint8)
        kept.append(room)
        while sum(one.size for one in kept) > KEPT_BYTES:
            del kept[0]
        room.setflags(write=True)  # a row that was sealed has sealed its memory
        return room[:size].view(kind)


def _references(rooms: list[npt.NDArray[np.uint8]], place: int) -> int:
    """Return how many refer to a room; every view of a row does, and of a part of it."""
    return sys.getrefcount(rooms[place])


_NOBODY = _references([np.empty(1, np.uint8)], 0)
