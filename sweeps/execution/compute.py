"""Compute: grid cells of one symbol become metrics. Pure: no Dask, no files."""

import numpy as np

from sweeps.execution.failures import NOT_FINITE, Failure, failure_of
from sweeps.execution.results import Results
from sweeps.execution.scene import Scene
from sweeps.execution.signal_sets import ParameterColumns, SignalSets, settings_of, signal_sets
from sweeps.execution.steps import NOTHING, step
from sweeps.simulation.codes import STATUS_OK, STATUS_TEXTS
from sweeps.simulation.engine import Batch
from sweeps.simulation.hopping.packing import KINDS, LONG_KINDS, words_of
from sweeps.spec.grid import Grid, IndexArray
from sweeps.strategies.contract import FloatArray
from sweeps.strategies.orders import OrderBook

MOST_SETS = 32_768
"""Signal sets that are asked for and simulated together: they compare the same rows and share levels."""
WORD_BYTES = 128_000_000
STOP_BYTES = 256_000_000
"""What the bits of sets that are held at once may take, and the stops, if each has its own."""


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

    Raises:
        ColumnsDifferError: If the strategy declares columns and answers otherwise for a set alone.
    """
    results = Results.empty(len(indices))
    settings = settings_of(grid, indices, scene.inputs.periods_per_year)
    sets, parameters = signal_sets(grid, indices), ParameterColumns(grid)
    true_ranges, session_words = scene.true_ranges(sets.periods), scene.session_words(sets.cutoffs)
    order = np.argsort(sets.set_of_run, kind="stable")
    count, begin = len(sets.sides), 0
    kinds, rows_a_set = KINDS if sets.shorts else LONG_KINDS, 1.0
    while begin < count:
        end = min(begin + _sets_at_once(scene, kinds, rows_a_set), count)
        questions = parameters.questions(sets.first_cells[begin:end], sets.sides[begin:end])
        book = scene.orders(questions, np.empty((end - begin, kinds, words_of(scene.inputs.bars)), np.uint64))
        step(NOTHING)
        stops = book.stops.table()
        lo, hi = np.searchsorted(sets.set_of_run, (begin, end), sorter=order)
        rows = _answered(scene, sets, book, begin, order[lo:hi], results)
        if len(book.unpacked.order):
            rank = np.argsort(book.unpacked.order)
            rows = rows[np.argsort(rank[sets.set_of_run[rows] - begin], kind="stable")]
        batch = Batch(
            words=book.room,
            set_of_run=sets.set_of_run[rows] - begin,
            atr_of_run=sets.period_of_run[rows],
            session_of_run=sets.cutoff_of_run[rows],
            stop_of_set=book.stops.of_set,
            stop_scale=book.stops.scale,
            stop_distance=stops,
            atr=true_ranges,
            session_last=session_words,
            unpacked=book.unpacked,
        )
        _simulate(scene, batch, settings[rows], rows, results)
        begin, rows_a_set = end, len(stops) / (end - begin)
        del book, stops, batch  # or they would be held beside as much that is asked for next
    return results


def _sets_at_once(scene: Scene, kinds: int, rows_a_set: float) -> int:
    """Return how many signal sets to hold, so that their bits and the rows of their stops stay bounded."""
    bars = scene.inputs.bars
    stops = 0.0 if scene.strategy.columns else 8 * bars * rows_a_set
    most = min(WORD_BYTES / (8 * kinds * words_of(bars)), STOP_BYTES / max(stops, 1.0), MOST_SETS)
    return max(1, int(most))


def _answered(
    scene: Scene, sets: SignalSets, book: OrderBook, begin: int, rows: IndexArray, results: Results
) -> IndexArray:
    """Return the runs whose sets have orders; the others fail with their set's error."""
    if not book.errors:
        return rows
    set_of_run = sets.set_of_run[rows] - begin
    failed = np.isin(set_of_run, list(book.errors))
    for place in np.unique(set_of_run[failed]).tolist():
        results.fail(rows[set_of_run == place], failure_of(book.errors[place], scene.strategy.source))
    return rows[~failed]


def _simulate(scene: Scene, batch: Batch, settings: FloatArray, rows: IndexArray, results: Results) -> None:
    outcome = scene.engine.simulate(batch, settings, scene.inputs.periods_per_year)
    results.metrics[rows] = outcome.metrics
    results.block_sums[rows] = outcome.block_sums
    results.block_sumsqs[rows] = outcome.block_sumsqs
    results.looped += outcome.looped
    for row in np.flatnonzero(outcome.status != STATUS_OK):
        reason = STATUS_TEXTS[outcome.status[row]]
        results.fail(rows[row : row + 1], Failure(NOT_FINITE, reason, ""))
