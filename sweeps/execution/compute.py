"""Compute: grid cells of one symbol become metrics. Pure: no Dask, no files."""

import numpy as np

from sweeps.execution.failures import NOT_FINITE, Failure, failure_of
from sweeps.execution.results import Results
from sweeps.execution.scene import Scene
from sweeps.execution.signal_sets import SignalSets, parameter_sets, signal_sets
from sweeps.simulation.codes import STATUS_OK, STATUS_TEXTS
from sweeps.simulation.engine import NO_ROWS, Batch
from sweeps.simulation.hopping.packing import KINDS, LONG_KINDS, words_of
from sweeps.simulation.settings import settings_table
from sweeps.spec.grid import Grid, IndexArray
from sweeps.strategies.contract import FloatArray

MOST_SETS = 256
"""Signal sets that take turns over a tile: their bits stay in the processor's cache."""
CHUNK_BYTES = 64_000_000


def compute(scene: Scene, grid: Grid, indices: IndexArray) -> Results:
    """Simulate the runs of some grid cells.

    The strategy is asked once per distinct parameter set and direction; a set for which it raises or returns
    no signal fails alone. Signal sets are held as bits, a bounded number at a time.

    Args:
        scene: The symbol's bars and the strategy.
        grid: The grid.
        indices: Raw indices of the cells, shape (k,), ascending.

    Returns:
        One row per cell, in their order.
    """
    results = Results.empty(len(indices))
    settings = settings_table(grid.values(indices), scene.inputs.periods_per_year)
    sets = signal_sets(grid, indices)
    true_ranges, session_words = scene.true_ranges(sets.periods), scene.session_words(sets.cutoffs)
    order = np.argsort(sets.set_of_run, kind="stable")
    first, stops = 0, True
    while first < len(sets.directions):
        last = min(first + _sets_at_once(scene, sets, stops=stops), len(sets.directions))
        parameters = parameter_sets(grid, sets.first_cells[first:last])
        book = scene.orders(
            list(zip(parameters, sets.directions[first:last], strict=True)), shorts=sets.shorts
        )
        stops = len(book.stop_distance) > 0
        lo, hi = np.searchsorted(sets.set_of_run[order], (first, last))
        rows = order[lo:hi]
        set_of_run = sets.set_of_run[rows] - first
        for place, error in book.errors.items():
            results.fail(rows[set_of_run == place], failure_of(error, scene.strategy.source))
        answered = ~np.isin(set_of_run, list(book.errors))
        rows, set_of_run = rows[answered], set_of_run[answered]
        stop_of_set = np.full(last - first, -1, dtype=np.int64)
        stop_of_set[list(book.stop_distance)] = np.arange(len(book.stop_distance))
        batch = Batch(
            book.words,
            set_of_run,
            sets.period_of_run[rows],
            sets.cutoff_of_run[rows],
            stop_of_set,
            np.stack(list(book.stop_distance.values())) if stops else NO_ROWS,
            true_ranges,
            session_words,
        )
        _simulate(scene, batch, settings[rows], rows, results)
        first = last
    return results


def _sets_at_once(scene: Scene, sets: SignalSets, *, stops: bool) -> int:
    """Return how many signal sets to hold, so that their bits, and stops if they have them, stay bounded."""
    bars = scene.inputs.bars
    size = 8 * (KINDS if sets.shorts else LONG_KINDS) * words_of(bars) + (8 * bars if stops else 0)
    return max(1, min(MOST_SETS, CHUNK_BYTES // size))


def _simulate(scene: Scene, batch: Batch, settings: FloatArray, rows: IndexArray, results: Results) -> None:
    outcome = scene.engine.simulate(batch, settings, scene.inputs.periods_per_year)
    results.metrics[rows] = outcome.metrics
    results.block_sums[rows] = outcome.block_sums
    results.block_sumsqs[rows] = outcome.block_sumsqs
    results.looped += outcome.looped
    for row in np.flatnonzero(outcome.status != STATUS_OK):
        reason = STATUS_TEXTS[outcome.status[row]]
        results.fail(rows[row : row + 1], Failure(NOT_FINITE, reason, ""))
