"""Thinning: of a long curve, the points that its picture shows."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

MOST_POINTS = 5000
"""More than a screen has columns, so that nothing is lost that could be seen."""


def extremes(values: Floats, most: int = MOST_POINTS) -> Indices:
    """Return where a curve is drawn: everywhere, or at the lowest and highest of many equal stretches.

    Args:
        values: The curve, shape (n,); NaN is a gap, and counts only where a stretch has nothing else.
        most: The most points, the first and the last aside, which are always there.

    Returns:
        Indices, ascending, each once.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    width = -(-count // (most // 2))
    stretches = -(-count // width)
    padded = np.full(stretches * width, np.nan)
    padded[:count] = values
    table = padded.reshape(stretches, width)
    gaps = np.isnan(table)
    starts = np.arange(stretches) * width
    lowest = starts + np.where(gaps, np.inf, table).argmin(axis=1)
    highest = starts + np.where(gaps, -np.inf, table).argmax(axis=1)
    return np.unique(np.concatenate([[0], lowest, highest, [count - 1]]))


def changes(values: Floats, most: int = MOST_POINTS) -> Indices:
    """Return where a curve of steps is drawn: where it changes, and at its end; its extremes if too often."""
    if not len(values):
        return np.arange(0)
    found = np.flatnonzero(np.diff(values, prepend=np.nan) != 0.0)
    at = np.union1d(found, [len(values) - 1])
    return at if len(at) <= most else extremes(values, most)
