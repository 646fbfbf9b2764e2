"""Samples of a grid: distinct runs instead of the full product."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.errors import ConfigError
from sweeps.spec.grid import Grid, IndexArray
from sweeps.spec.sample_config import SampleConfig

_LARGEST_DRAW = 1 << 17
_SMALLEST_DRAW = 1 << 8


def sample(grid: Grid, spec: SampleConfig, *, source: str = "sample") -> Grid:
    """Choose `n` distinct runs of a grid; the same seed always chooses the same.

    Points are drawn over the unit cube of the swept axes (uniform, scrambled Sobol, or Latin hypercube),
    each falls into a cell, and the first n distinct cells that pass `where` are taken. What a bounded
    number of points cannot reach is drawn evenly from the runs still left, so every run can be chosen and
    n may be the whole grid. Memory grows with n, not with the grid.

    Args:
        grid: The full grid.
        spec: Method, n and seed.
        source: The file that asks, for the error.

    Returns:
        The grid with ``chosen`` set; the grid itself when n is all of it.

    Raises:
        ConfigError: If the grid has fewer runs than n (at `sample.n`, with the count).
    """
    if spec.n >= grid.raw_size:
        return _whole(grid, spec, source)
    rng = np.random.default_rng(spec.seed)
    swept = [at for at, axis in enumerate(grid.axes) if len(axis) > 1]
    chosen = np.empty(0, dtype=np.int64)  # ascending
    for points in _draws(spec, len(swept), rng):
        cells = _cells(grid, swept, points)
        fresh = _fresh(cells[grid.passes(cells)], chosen)
        chosen = _joined(chosen, fresh[: spec.n - len(chosen)])
        if len(chosen) == spec.n:
            return replace(grid, chosen=chosen)
    count = grid.count()
    if spec.n >= count:
        return _whole(grid, spec, source)
    rest = _evenly(grid, chosen, count - len(chosen), spec.n - len(chosen), rng)
    return replace(grid, chosen=_joined(chosen, rest))


def _whole(grid: Grid, spec: SampleConfig, source: str) -> Grid:
    count = grid.count()
    if spec.n > count:
        reason = f"asks for {spec.n:,} of {count:,} runs; set n to {count:,} or less, or remove [sample]"
        raise ConfigError(source, (("sample.n", reason),))
    return grid


def _draws(spec: SampleConfig, dimensions: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Yield points of the unit cube, shape (points, dimensions), until a bounded number was drawn."""
    engine = _engine(spec.method, dimensions, rng)
    # Sobol points keep their balance in powers of two; a Latin hypercube is one design of n points.
    power = 1 << (spec.n - 1).bit_length()
    first = min(spec.n if spec.method == "latin_hypercube" else power, _LARGEST_DRAW)
    yield engine.random(first)
    later = min(max(power, _SMALLEST_DRAW), _LARGEST_DRAW)
    for _ in range(0, max(_LARGEST_DRAW, 4 * spec.n), later):
        yield engine.random(later)


def _engine(method: str, dimensions: int, rng: np.random.Generator) -> Any:
    if method == "random":
        return _Uniform(dimensions, rng)
    from scipy.stats import qmc  # noqa: PLC0415  half a second, which only these two methods need

    return (qmc.Sobol if method == "sobol" else qmc.LatinHypercube)(dimensions, rng=rng)


class _Uniform:
    """Independent points, with the face of a `qmc` engine."""

    def __init__(self, dimensions: int, rng: np.random.Generator) -> None:
        self.dimensions, self.rng = dimensions, rng

    def random(self, n: int) -> NDArray[np.float64]:
        return self.rng.random((n, self.dimensions))


def _cells(grid: Grid, swept: list[int], points: NDArray[np.float64]) -> IndexArray:
    indices = np.zeros(len(points), dtype=np.int64)
    for column, at in enumerate(swept):
        size = len(grid.axes[at])
        position = np.minimum((points[:, column] * size).astype(np.int64), size - 1)
        indices += position * grid.strides[at]
    return indices


def _fresh(cells: IndexArray, chosen: IndexArray) -> IndexArray:
    """Return the distinct cells that are not among ``chosen`` (ascending), in the order drawn."""
    _, first = np.unique(cells, return_index=True)
    distinct = cells[np.sort(first)]
    at = np.searchsorted(chosen, distinct)
    known = np.zeros(len(distinct), dtype=np.bool_)
    inside = at < len(chosen)
    known[inside] = chosen[at[inside]] == distinct[inside]
    return distinct[~known]


def _joined(chosen: IndexArray, more: IndexArray) -> IndexArray:
    """Return both, ascending; ``chosen`` is ascending and shares nothing with ``more``."""
    more = np.sort(more)
    return np.insert(chosen, np.searchsorted(chosen, more), more)


def _evenly(grid: Grid, taken: IndexArray, left: int, n: int, rng: np.random.Generator) -> IndexArray:
    """Return n of the ``left`` runs that are not ``taken``, each equally likely, in one pass."""
    ranks = np.sort(rng.choice(left, n, replace=False))
    found: list[IndexArray] = []
    seen = 0
    for runs in grid.chunks():
        free = _fresh(runs, taken)
        first, last = np.searchsorted(ranks, (seen, seen + len(free)))
        found.append(free[ranks[first:last] - seen])
        seen += len(free)
    return np.concatenate(found)
