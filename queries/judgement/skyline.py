"""Skyline: of points that come best first, those that no other beats, with memory for the skyline alone."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_TILE = 256


def skyline(batches: Iterable[Points], columns: int) -> Points:
    """Return the points that no other point is at least as good as in every column and better in one.

    Sort-filter-skyline, after J. Chomicki, P. Godfrey, J. Gryz, D. Liang, Skyline with presorting, ICDE 2003:
    no point is beaten by one that comes later, so that what a point before it does not beat stays.

    Args:
        batches: Points, shape (points, columns), higher is better, finite, in an order in which none is
            beaten by a later one: that of any sum that grows with every column, ties by the columns.
        columns: How many columns they have.

    Returns:
        The skyline in the same order, shape (points, columns); equal points stay as often as they came.
    """
    kept: list[Points] = []
    for batch in batches:
        for tile in kept:
            batch = _unbeaten(batch, tile)  # noqa: PLW2901
        while len(batch):
            first, rest = batch[:_TILE], batch[_TILE:]
            tile = _unbeaten(first, first)
            kept.append(tile)
            batch = _unbeaten(rest, tile)  # noqa: PLW2901
    return np.concatenate(kept) if kept else np.empty((0, columns))


def _unbeaten(points: Points, others: Points) -> Points:
    """Return the points that none of the others beats, halving what is left to compare as it can.

    The first of the others are the best: most points fall to a few of them.
    """
    for few in (others[:8], others[8:64], others[64:]):
        if not len(points) or not len(few):
            break
        as_good = np.ones((len(points), len(few)), dtype=bool)
        better = np.zeros_like(as_good)
        for column in range(points.shape[1]):
            as_good &= few[:, column] >= points[:, column, None]
            better |= few[:, column] > points[:, column, None]
        points = points[~(as_good & better).any(axis=1)]
    return points
