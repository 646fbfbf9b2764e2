"""Results that are computed once, and the record of who used which."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, local
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Arrays: TypeAlias = tuple[npt.NDArray[Any], ...]


@dataclass
class Recording:
    """What a strategy call used; ``warm`` is the first bar from which every used result is known."""

    first_known: dict[Hashable, int] = field(default_factory=dict)

    @property
    def warm(self) -> int:
        """First index by which every used result has been finite; 0 if nothing was used."""
        return max(self.first_known.values(), default=0)


class Memo:
    """Keeps results by key up to a number of bytes, dropping the least recently used.

    Threads may share it: a result is always whole, and at worst is computed twice. Recordings belong to the
    thread that opened them.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes, self._held_bytes = capacity_bytes, 0
        self._results: OrderedDict[Hashable, tuple[Arrays, int]] = OrderedDict()
        self._lock, self._open = Lock(), local()

    def get(self, key: Hashable, compute: Callable[[], Arrays]) -> Arrays:
        """Return the read-only arrays of ``key``, computed at most once while they are kept."""
        with self._lock:
            found = self._results.get(key)
            if found is not None:
                self._results.move_to_end(key)
        if found is None:
            found = self._keep(key, compute())
        arrays, first_known = found
        for recording in self._recordings():
            recording.first_known[key] = first_known
        return arrays

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Record every result that this thread uses inside."""
        recording = Recording()
        self._recordings().append(recording)
        try:
            yield recording
        finally:
            self._recordings().pop()

    def _recordings(self) -> list[Recording]:
        if not hasattr(self._open, "recordings"):
            self._open.recordings = []
        recordings: list[Recording] = self._open.recordings
        return recordings

    def _keep(self, key: Hashable, arrays: Arrays) -> tuple[Arrays, int]:
        for array in arrays:
            array.setflags(write=False)
        found = arrays, max((_first_finite(array) for array in arrays), default=0)
        with self._lock:
            if key not in self._results:
                self._results[key] = found
                self._held_bytes += _bytes(arrays)
            while self._held_bytes > self._capacity_bytes and len(self._results) > 1:
                _, (dropped, _) = self._results.popitem(last=False)
                self._held_bytes -= _bytes(dropped)
        return found


def _bytes(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays)


def _first_finite(array: npt.NDArray[Any]) -> int:
    if array.dtype.kind != "f":
        return 0
    finite = np.isfinite(array)
    return int(finite.argmax()) if finite.any() else len(array)
