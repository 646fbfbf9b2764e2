"""Raw bars: a file's cells under canonical names, none of them parsed yet."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sweeps.bars.errors import Problem
from sweeps.bars.frame import IntArray


@dataclass(frozen=True)
class RawBars:
    """What a reader found in one file.

    Attributes:
        file: The file as the user named it.
        cells: Cells by canonical name (time, open, high, low, close, volume, symbol, adj_close) or by a
            further column's own name in lower case; text or typed, all of one length.
        rows: The file's own row number of each row, from 1.
        headers: What the columns are called in the file.
        problems: What could not be read at all.
        adjusted: Whether this source adjusts prices unless it is told not to.
    """

    file: str
    cells: Mapping[str, pa.Array]
    rows: IntArray
    headers: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    adjusted: bool = False

    @staticmethod
    def unreadable(file: str, reason: str, row: int | None = None) -> "RawBars":
        """Return a file of which nothing could be read."""
        return RawBars(file, {}, np.empty(0, np.int64), problems=(Problem(file, row, "", reason),))
