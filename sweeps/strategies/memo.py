"""Results that are computed once, and the record of who used which."""

from collections.abc import Callable, Hashable
from threading import Lock, local
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

Arrays: TypeAlias = tuple[npt.NDArray[Any], ...]


class _Open(local):
    """The recording that the current thread is in."""

    recording: "Recording | None" = None


class Recording:
    """What a strategy call used: ``with memo.recording() as used: ...``, then ``used.warm``.

    Attributes:
        warm: First index by which every used result has been finite; 0 if nothing was used.
    """

    __slots__ = ("_open", "_outer", "warm")

    def __init__(self, open_: _Open) -> None:
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
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes, self._held_bytes = capacity_bytes, 0
        self._results: dict[Hashable, tuple[Arrays, int]] = {}
        self._lock, self._open = Lock(), _Open()

    def get(self, key: Hashable, compute: Callable[[], Arrays]) -> Arrays:
        """Return the read-only arrays of ``key``, computed at most once while they are kept."""
        found = self._results.get(key) or self._keep(key, compute())
        recording = self._open.recording
        if recording is not None and found[1] > recording.warm:
            recording.warm = found[1]
        return found[0]

    def recording(self) -> Recording:
        """Record every result that this thread uses inside."""
        return Recording(self._open)

    def _keep(self, key: Hashable, arrays: Arrays) -> tuple[Arrays, int]:
        for array in arrays:
            array.setflags(write=False)
        found = arrays, max((_first_finite(array) for array in arrays), default=0)
        with self._lock:
            if key not in self._results:
                self._results[key] = found
                self._held_bytes += _bytes(arrays)
            while self._held_bytes > self._capacity_bytes and len(self._results) > 1:
                dropped, _ = self._results.pop(next(iter(self._results)))
                self._held_bytes -= _bytes(dropped)
        return found


def _bytes(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays)


def _first_finite(array: npt.NDArray[Any]) -> int:
    if array.dtype.kind != "f":
        return 0
    finite = np.isfinite(array)
    return int(finite.argmax()) if finite.any() else len(array)
