"""Cell set: which cells of a grid are in, however many: a bit each where they are many, else some bytes."""

import base64
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.grid import IndexArray

_BITS = 19
_CELLS = 1 << _BITS
_SPARSE = _CELLS // 32
"""So many offsets of four bytes take what one bit a cell takes."""
Places = NDArray[np.uint32]
Bits = NDArray[np.uint8]


class CellSet:
    """Raw indices of cells, as a bit each in stretches of the grid that have many, else as a sorted list."""

    def __init__(self) -> None:
        self._stretches: dict[int, Places | Bits] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, cells: IndexArray) -> None:
        """Take in cells, ascending, shape (k,); those that are in already are no harm."""
        for stretch, first, last in _stretches(cells):
            new = (cells[first:last] & (_CELLS - 1)).astype(np.uint32)
            held = self._stretches.get(stretch)
            before = 0 if held is None else _size(held)
            self._stretches[stretch] = _joined(held, new)
            self._count += _size(self._stretches[stretch]) - before

    def holds(self, cells: IndexArray) -> NDArray[np.bool_]:
        """Say of each cell whether it is in, shape (k,); cells ascend."""
        found = np.zeros(len(cells), np.bool_)
        if self._stretches:
            for stretch, first, last in _stretches(cells):
                held = self._stretches.get(stretch)
                if held is not None:
                    found[first:last] = _holds(held, cells[first:last] & (_CELLS - 1))
        return found


def encode_cells(cells: IndexArray) -> str:
    """Return cells, ascending, as text that JSON can hold: a few bits each where they are close together."""
    steps = np.diff(cells, prepend=0).astype("<u8")
    planes = steps.view(np.uint8).reshape(-1, 8).T  # equal bytes beside each other
    return base64.b85encode(zlib.compress(planes.tobytes(), 1)).decode("ascii")


def decode_cells(text: str) -> IndexArray:
    """Return the cells that `encode_cells` wrote."""
    planes = np.frombuffer(zlib.decompress(base64.b85decode(text)), np.uint8).reshape(8, -1)
    steps = np.ascontiguousarray(planes.T).view("<u8").ravel()
    return np.cumsum(steps.astype(np.int64))


def _stretches(cells: IndexArray) -> Iterator[tuple[int, int, int]]:
    """Yield (stretch, first, last): the cells [first:last] lie in that stretch of the grid."""
    of = cells >> _BITS
    cuts = np.flatnonzero(np.diff(of)) + 1
    for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(cells)], strict=True):
        if first < last:
            yield int(of[first]), first, last


def _joined(held: Places | Bits | None, new: Places) -> Places | Bits:
    if held is None:
        held = np.empty(0, np.uint32)
    if held.dtype == np.uint32:
        joined: Places = np.union1d(held, new)
        return joined if len(joined) <= _SPARSE else _bits(joined)
    return np.bitwise_or(held, _bits(new))


def _bits(places: Places) -> Bits:
    flags = np.zeros(_CELLS, np.bool_)
    flags[places] = True
    return np.packbits(flags)


def _holds(held: Places | Bits, places: IndexArray) -> NDArray[np.bool_]:
    if held.dtype == np.uint32:
        return np.isin(places, held, assume_unique=True)
    return np.unpackbits(held.astype(np.uint8, copy=False))[places].astype(np.bool_)


def _size(held: Places | Bits) -> int:
    return len(held) if held.dtype == np.uint32 else int(np.bitwise_count(held).sum())
