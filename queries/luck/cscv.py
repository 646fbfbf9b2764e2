"""CSCV: how probable it is that what was best in sample was chosen by luck, over all runs of a grid.

Combinatorially symmetric cross-validation with 16 blocks: each of the 12,870 halves of the window chooses the
run with the highest Sharpe ratio, which is then held against all runs on the other half.

Source: Bailey, Borwein, Lopez de Prado, Zhu, The Probability of Backtest Overfitting, Journal of
Computational Finance 20 (2017), first published in 2015.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from queries.catalog import Catalog
from queries.luck.dominance import Drawn, dominance
from queries.luck.halves import (
    BLOCKS,
    PAIRS,
    Best,
    Counts,
    Floats,
    Hashes,
    Singles,
    bars_of,
    count_below,
    find_best,
    sharpe_of,
)
from queries.luck.overfitting import QUANTILES, Overfitting

LEAST_BARS = 2 * BLOCKS
"""A block of one bar has no spread of its own."""

_SLICE = 16_384
"""Runs that a thread takes at a time."""

Runs: TypeAlias = Callable[[], Iterable[pa.RecordBatch]]
"""Reads all runs, from the beginning each time it is called; columns as the macro `block_statistics`."""


def sweep_overfitting(
    catalog: Catalog, sweep_id: str, symbols: Sequence[str], n_bars: int, periods_per_year: float
) -> Overfitting | None:
    """Return what CSCV tells of the runs of a sweep that have block statistics; as `overfitting`.

    Args:
        catalog: The lake.
        sweep_id: The sweep.
        symbols: One symbol, or several of one window, whose bars are taken together.
        n_bars: Bars of the window.
        periods_per_year: Bars a year.
    """
    query, values = "select * from block_statistics($1, $2)", [sweep_id, list(symbols)]
    return overfitting(lambda: catalog.batches(query, values), n_bars, periods_per_year, len(symbols))


def overfitting(
    runs: Runs, n_bars: int, periods_per_year: float, symbols: int = 1, threads: int | None = None
) -> Overfitting | None:
    """Return what CSCV tells of some runs on the same bars, whatever their order.

    They are read twice, in batches: for the best in sample of every half, and for its rank out of sample.
    Memory does not depend on their number. Of runs that are equally strong in sample the one of the lowest
    key is chosen; runs that do not vary count as `halves` says.

    Args:
        runs: Reads them.
        n_bars: Bars of their window.
        periods_per_year: Bars a year.
        symbols: Of how many symbols the bars of the window are added up in each run.
        threads: Threads to compute on; None for one a core.

    Returns:
        None for fewer than two runs or 32 bars, or if no half has a run with a Sharpe ratio.
    """
    if n_bars < LEAST_BARS:
        return None
    bars, workers = bars_of(n_bars) * symbols, threads or os.cpu_count() or 1
    best, drawn = _best(runs, bars, workers)
    below, equal, count = _ranked(runs, bars, best, workers)
    chosen = np.isfinite(best.strength)
    if count < 2 or not chosen.any():
        return None
    yearly = np.sqrt(periods_per_year)
    inside = sharpe_of(best.strength[chosen], bars[chosen]) * yearly
    outside = sharpe_of(best.outside[chosen], bars[:, ::-1][chosen]) * yearly
    others = drawn.sharpes(bars)[chosen] * yearly
    rank = (below + (equal + 1) / 2.0)[chosen] / (count + 1.0)
    logits = np.log(rank / (1.0 - rank))
    slope, intercept = _line(inside, outside)
    return Overfitting(
        runs=count,
        splits=int(chosen.sum()),
        pbo=float((rank <= 0.5).mean()),
        logits=dict(zip(QUANTILES, np.quantile(logits, QUANTILES).tolist(), strict=True)),
        loss=float((outside < 0.0).mean()),
        slope=slope,
        intercept=intercept,
        in_sample=float(inside.mean()),
        out_of_sample=float(outside.mean()),
        dominance=dominance(outside, others),
    )


def _best(runs: Runs, bars: Floats, workers: int) -> tuple[Best, Drawn]:
    """Return the best in sample of every half, and the runs that stand for all."""
    parts, drawn = [Best.nothing() for _ in range(workers)], [Drawn() for _ in range(workers)]

    def work(worker: int, keys: Hashes, sums: Singles, squares: Singles) -> None:
        find_best(keys, sums, squares, PAIRS, bars, parts[worker])
        drawn[worker].add(keys, sums, squares)

    _share(runs, workers, work)
    for other, more in zip(parts[1:], drawn[1:], strict=True):
        parts[0].merge(other)
        drawn[0].add(more.keys, more.sums, more.squares)
    return parts[0], drawn[0]


def _ranked(runs: Runs, bars: Floats, best: Best, workers: int) -> tuple[Counts, Counts, int]:
    """Return how many runs are weaker than each choice out of sample, how many as strong, and all."""
    below, equal = np.zeros((2, workers, *PAIRS.shape), np.int64)
    counts = np.zeros(workers, np.int64)

    def work(worker: int, keys: Hashes, sums: Singles, squares: Singles) -> None:
        count_below(sums, squares, PAIRS, bars, best.outside, below[worker], equal[worker])
        counts[worker] += len(keys)

    _share(runs, workers, work)
    return below.sum(axis=0), equal.sum(axis=0), int(counts.sum())


def _share(runs: Runs, workers: int, work: Callable[[int, Hashes, Singles, Singles], None]) -> None:
    """Let threads take slices of all runs in turn, each as soon as it is ready; a slice a thread is held."""
    slices, turn = _slices(runs()), Lock()

    def take(worker: int) -> None:
        while True:
            with turn:
                batch = next(slices, None)
            if batch is None:
                return
            sums, squares = (batch[name].flatten().to_numpy() for name in ("block_sums", "block_sumsqs"))
            work(
                worker,
                batch["setting_hash"].to_numpy(),
                sums.reshape(-1, BLOCKS),
                squares.reshape(-1, BLOCKS),
            )

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(take, range(workers)))


def _slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, _SLICE):
            yield batch.slice(start, _SLICE)


def _line(x: Floats, y: Floats) -> tuple[float | None, float | None]:
    """Return slope and intercept of the line of least squares; None if all x are equal."""
    off = x - x.mean()
    spread = float(off @ off)
    if spread <= 1e-18 * float(x @ x):  # the rounding of a mean
        return None, None
    slope = float(off @ y) / spread
    return slope, float(y.mean() - slope * x.mean())
