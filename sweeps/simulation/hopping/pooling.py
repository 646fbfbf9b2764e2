"""Pooling: which runs have equal exits, so that what one found by looking for a level serves all."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.desk import Reads
from sweeps.simulation.hopping.door import Pools
from sweeps.simulation.settings import (
    S_ATR_MULTIPLE,
    S_FILL,
    S_STOP_LOSS,
    S_TAKE_PROFIT,
    S_TRAILING_STOP,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

POOL_RUNS = 16
"""Fewer runs with equal exits look for themselves: they seldom enter on the same bars."""
POOL_BYTES = 48_000_000


def pools_of(settings: Floats, reads: Reads, tile: int) -> Pools:
    """Return the pools of some runs over tiles of some bars.

    A level belongs to a bar of entry alone where runs agree on fills, on what their stops are, and on the
    rows that these read.
    """
    fill, loss, multiple = settings[:, S_FILL], settings[:, S_STOP_LOSS], settings[:, S_ATR_MULTIPLE]
    own = reads.stop_of_set[reads.set_of_run]
    scale = np.where(own >= 0, reads.stop_scale[reads.set_of_run], 1.0)
    true_range = np.where(np.isnan(multiple), -1, reads.atr_of_run)
    most = max(1, POOL_BYTES // (2 * tile * (3 * 4 + 8)))
    stops = ~np.isnan(loss) | ~np.isnan(multiple) | (own >= 0)
    stop_of_run, stop_pools = _pooled((fill, loss, multiple, true_range, own, scale), stops, most)
    target, trailing = settings[:, S_TAKE_PROFIT], settings[:, S_TRAILING_STOP]
    target_of_run, target_pools = _pooled((fill, target), ~np.isnan(target), most)
    trailing_of_run, trailing_pools = _pooled((fill, trailing), ~np.isnan(trailing), most)
    return Pools(
        stop_of_run,
        target_of_run,
        trailing_of_run,
        np.empty(_shape(stop_pools, tile), np.int32),
        np.empty(_shape(target_pools, tile), np.int32),
        np.empty(_shape(trailing_pools, tile), np.int32),
        np.empty(_shape(trailing_pools, tile)),
    )


def _pooled(
    columns: tuple[npt.NDArray[np.generic], ...], asked: npt.NDArray[np.bool_], most: int
) -> tuple[Integers, int]:
    """Return the pool of each run, -1 for none, and how many pools there are."""
    pool_of_run = np.full(len(asked), -1, dtype=np.int64)
    runs = np.flatnonzero(asked)
    if len(runs) < POOL_RUNS:
        return pool_of_run, 0
    codes = np.zeros(len(runs), dtype=np.int64)
    for column in columns:
        values = column[runs]
        if (values != values[0]).any():
            distinct, code = np.unique(values, return_inverse=True)
            codes = codes * len(distinct) + code
        if codes.max() >= 16 * len(codes):  # no product of two such overflows
            _, codes = np.unique(codes, return_inverse=True)
    counts = np.bincount(codes)
    large = np.argsort(-counts, kind="stable")[:most]
    large = large[counts[large] >= POOL_RUNS]
    pools = np.full(len(counts), -1, dtype=np.int64)
    pools[large] = np.arange(len(large))
    pool_of_run[runs] = pools[codes]
    return pool_of_run, len(large)


def _shape(pools: int, tile: int) -> tuple[int, int, int]:
    return (pools, 2, tile) if pools else (1, 2, 0)
