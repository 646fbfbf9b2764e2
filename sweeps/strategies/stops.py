"""Stops: the distances that strategies return, one row for all sets that differ by a factor alone."""

import numpy as np
import numpy.typing as npt

from sweeps.strategies.contract import FloatArray

NONE = -1


class Stops:
    """Stop distances of signal sets over the window, price units.

    Attributes:
        of_set: Which row each set reads, -1 for none, shape (sets,).
        scale: What it multiplies the row with, shape (sets,).
    """

    def __init__(self, sets: int) -> None:
        self.of_set: npt.NDArray[np.int64] = np.full(sets, NONE, np.int64)
        self.scale: FloatArray = np.ones(sets)
        self._rows: list[FloatArray] = []

    def note(self, place: int, distance: FloatArray | None) -> None:
        """Note the distance of one set; None is none."""
        if distance is not None:
            self.of_set[place] = len(self._rows)
            self._rows.append(distance)

    def note_scaled(
        self,
        places: npt.NDArray[np.int64],
        rows: list[FloatArray],
        of_set: npt.NDArray[np.int64],
        scale: FloatArray,
    ) -> None:
        """Note the distances of some sets: a row each, and a factor."""
        self.of_set[places], self.scale[places] = len(self._rows) + of_set, scale
        self._rows += [row.copy() if row.flags.writeable else row for row in rows]

    def forget(self, first: int, last: int) -> None:
        """Forget the distances of the sets [first, last)."""
        self.of_set[first:last], self.scale[first:last] = NONE, 1.0

    def of(self, place: int) -> FloatArray | None:
        """Return the distance of one set; None if it has none."""
        row = self.of_set[place]
        return None if row == NONE else self._rows[row] * self.scale[place]

    def table(self) -> FloatArray:
        """Return the distinct rows, shape (rows, bars)."""
        return np.stack(self._rows) if self._rows else np.empty((0, 0))
