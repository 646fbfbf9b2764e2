"""Compute: grid cells of one symbol become metrics. Pure: no Dask, no files."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sweeps.execution.cells import Group, groups, strategy_parameters
from sweeps.execution.failures import NOT_FINITE, Failure, failure_of
from sweeps.execution.scene import Scene
from sweeps.simulation.codes import STATUS_OK, STATUS_TEXTS
from sweeps.simulation.kernel import simulate
from sweeps.simulation.metrics import METRIC_NAMES
from sweeps.simulation.settings import settings_table
from sweeps.simulation.statistics import BLOCKS
from sweeps.spec.grid import Grid, IndexArray
from sweeps.strategies.evaluate import Evaluation


@dataclass(frozen=True, eq=False)
class Results:
    """Results of k runs.

    Attributes:
        metrics: Shape (k, len(METRIC_NAMES)); NaN is undefined.
        block_sums: Sums of returns in 16 blocks, shape (k, 16).
        block_sumsqs: Sums of squared returns in the same blocks, shape (k, 16).
        failures: Why a run has no result, by its row.
        custom: A user backtester's own metrics by name, shape (k,); NaN is undefined.
    """

    metrics: npt.NDArray[np.float64]
    block_sums: npt.NDArray[np.float32]
    block_sumsqs: npt.NDArray[np.float32]
    failures: dict[int, Failure] = field(default_factory=dict)
    custom: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)

    @staticmethod
    def empty(runs: int) -> "Results":
        """Return k runs without results yet."""
        return Results(
            np.full((runs, len(METRIC_NAMES)), np.nan),
            np.zeros((runs, BLOCKS), np.float32),
            np.zeros((runs, BLOCKS), np.float32),
        )

    def fail(self, rows: IndexArray, failure: Failure) -> None:
        """Note why some rows have no result."""
        self.failures.update(dict.fromkeys(rows.tolist(), failure))

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Which rows have a result, shape (k,)."""
        mask = np.ones(len(self.metrics), np.bool_)
        mask[list(self.failures)] = False
        return mask


def compute(scene: Scene, grid: Grid, indices: IndexArray) -> Results:
    """Simulate the runs of some grid cells.

    The strategy is asked once per distinct parameter set and direction; a set for which it raises or returns
    no signal fails alone.

    Args:
        scene: The symbol's bars and the strategy.
        grid: The grid.
        indices: Raw indices of the cells, shape (k,), ascending.

    Returns:
        One row per cell, in their order.
    """
    results = Results.empty(len(indices))
    settings = settings_table(grid.values(indices), scene.inputs.periods_per_year)
    said: Evaluation | Failure | None = None
    last: tuple[int, str] | None = None
    for group in groups(grid, indices):
        if group.signal_key != last:
            said, last = _ask(scene, grid, int(indices[group.rows[0]]), group), group.signal_key
        if isinstance(said, Failure):
            results.fail(group.rows, said)
        elif said is not None:
            _simulate(scene, said, group, settings, results)
    return results


def _ask(scene: Scene, grid: Grid, index: int, group: Group) -> Evaluation | Failure:
    try:
        return scene.ask(strategy_parameters(grid, index), group.variant.direction)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a user's code may raise anything; its runs fail alone
        return failure_of(error, scene.strategy.source)


def _simulate(
    scene: Scene, said: Evaluation, group: Group, settings: npt.NDArray[np.float64], results: Results
) -> None:
    rows = group.rows
    signals = scene.signals(said, group.variant)
    outcome = simulate(scene.window, signals, settings[rows], scene.inputs.periods_per_year)
    results.metrics[rows] = outcome.metrics
    results.block_sums[rows] = outcome.block_sums
    results.block_sumsqs[rows] = outcome.block_sumsqs
    for row in np.flatnonzero(outcome.status != STATUS_OK):
        reason = STATUS_TEXTS[outcome.status[row]]
        results.fail(rows[row : row + 1], Failure(NOT_FINITE, reason, ""))
