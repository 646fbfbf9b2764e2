"""Results that are computed once, and the record of who used which."""

from collections.abc import Callable, Hashable
from threading import Lock, local
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.lines import CACHE_LINE, address
from sweeps.strategies.long_rows import LONG_BYTES

Arrays: TypeAlias = tuple[npt.NDArray[Any], ...]

Kept: TypeAlias = tuple[Arrays, int]
"""Arrays, and the first index by which all of them, and what they were made of, have been finite."""

FEW = 1024


class Open(local):
    """The recording that the current thread is in."""

    recording: "Recording | None" = None


class Recording:
    """What a strategy call used: ``with memo.recording() as used: ...``, then ``used.warm``.

    Attributes:
        warm: First index by which every used result has been finite; 0 if nothing was used.
    """

    __slots__ = ("_open", "_outer", "warm")

    def __init__(self, open_: Open) -> None:
        self._open, self.warm = open_, 0

    def __enter__(self) -> Self:
        self._outer = self._open.recording
        self._open.recording = self
        return self

    def __exit__(self, *_: object) -> None:
        self._open.recording = self._outer
        if self._outer is not None:
            self._outer.warm = max(self._outer.warm, self.warm)


class Memo:
    """Keeps results by key up to a number of bytes, dropping the oldest.

    Threads may share it: a result is always whole, and at worst is computed twice. Recordings belong to the
    thread that opened them. A hit takes no lock and moves nothing: it is on the path of every run.

    Args:
        capacity_bytes: Results beyond this size are dropped.
        window: Index at which rows of numbers begin a cache line, so that vectors read from there do not lie
            across two; a comparison of two rows takes half as long again where they do.
    """

    def __init__(self, capacity_bytes: int, window: int = 0) -> None:
        self._capacity_bytes, self._held_bytes, self._window = capacity_bytes, 0, window
        self.results: dict[Hashable, Kept] = {}
        self._lock, self.open = Lock(), Open()

    def get(self, key: Hashable, compute: Callable[[], Arrays]) -> Arrays:
        """Return the read-only arrays of ``key``, computed at most once while they are kept."""
        found = self.results.get(key) or self._computed(key, compute)
        recording = self.open.recording
        if recording is not None and found[1] > recording.warm:
            recording.warm = found[1]
        return found[0]

    def recording(self) -> Recording:
        """Record every result that this thread uses inside."""
        return Recording(self.open)

    def _computed(self, key: Hashable, compute: Callable[[], Arrays]) -> Kept:
        """Keep what is computed; by what that uses it is warm for all that ask again."""
        with self.recording() as used:
            arrays = compute()
        return self.keep(key, arrays, used.warm)

    def keep(self, key: Hashable, arrays: Arrays, warm: int = 0) -> Kept:
        """Keep the arrays of ``key``, read-only, in lines of their own; beyond capacity drop the oldest.

        Args:
            key: What to find them by.
            arrays: The arrays.
            warm: First index by which what they were made of has been finite.
        """
        arrays = tuple(_sealed(_aligned(array, self._window)) for array in arrays)
        found = arrays, max(warm, *map(_first_finite, arrays), 0)
        with self._lock:
            if key not in self.results:
                self.results[key] = found
                self._held_bytes += _bytes(arrays)
            while self._held_bytes > self._capacity_bytes and len(self.results) > 1:
                dropped, _ = self.results.pop(next(iter(self.results)))
                self._held_bytes -= _bytes(dropped)
        return found


def _bytes(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays)


def _aligned(array: npt.NDArray[Any], window: int) -> npt.NDArray[Any]:
    """Return a row of numbers whose value at ``window`` begins a cache line; other arrays as they are.

    Long rows stay where they are: memory, not the lines' edges, bounds how fast they are read.
    """
    if array.dtype != np.float64 or array.ndim != 1 or array.nbytes > LONG_BYTES:
        return array
    room = np.empty(array.nbytes + CACHE_LINE, np.uint8)
    first = -(address(room) + array.itemsize * window) % CACHE_LINE
    row = room[first : first + array.nbytes].view(np.float64)
    row[:] = array
    return row


def _sealed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view of an array that cannot be made writeable: what it is a view of is not, either."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner.setflags(write=False)
        owner = owner.base
    return array.view()


def _first_finite(array: npt.NDArray[Any]) -> int:
    if array.dtype.kind != "f":
        return 0
    first, some = 0, FEW
    while first < len(array):  # it is nearly always among the first few
        finite = np.isfinite(array[first : first + some])
        if finite.any():
            return first + int(finite.argmax())
        first, some = first + some, 2 * some
    return len(array)
