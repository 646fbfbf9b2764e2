"""Asked: runs and details of a strategy that is asked bar by bar."""

from collections.abc import Mapping

import numpy as np

from sweeps.execution.cells import Group, groups, strategy_parameters
from sweeps.execution.details import Curve, Details, trade_columns
from sweeps.execution.failures import NOT_FINITE, Failure, Failures, failure_of
from sweeps.execution.results import Results
from sweeps.execution.rows import Runs
from sweeps.execution.scene import Scene
from sweeps.execution.steps import step
from sweeps.simulation.asked import Asker, Scratch, simulate_asked, trace_asked
from sweeps.simulation.codes import STATUS_OK, STATUS_TEXTS
from sweeps.simulation.settings import S_FILL, S_INITIAL_CAPITAL, settings_table
from sweeps.simulation.window import SignalSet
from sweeps.spec.grid import Grid, IndexArray
from sweeps.spec.rules import Value
from sweeps.strategies.asking import make_asker
from sweeps.strategies.contract import FloatArray
from sweeps.strategies.ctrl_c import pass_ctrl_c_on
from sweeps.strategies.evaluate import Evaluation
from sweeps.strategies.rows import PreparedRows, prepare_rows, rows_parameters


def compute_asked(scene: Scene, grid: Grid, indices: IndexArray) -> Results:
    """Simulate the runs of some grid cells, bar by bar; a run whose strategy raises fails alone.

    Args:
        scene: The symbol's bars and the strategy.
        grid: The grid.
        indices: Raw indices of the cells, shape (k,), ascending.

    Returns:
        One row per cell, in their order.
    """
    results = Results.empty(len(indices))
    results.looped = len(indices)
    periods_per_year = scene.inputs.periods_per_year
    settings = settings_table(grid.values(indices), periods_per_year)
    scratch, asking = Scratch(len(scene.window)), _Asking(scene, grid, indices)
    for group in groups(grid, indices):
        rows = group.rows
        step(indices[rows])
        try:
            asker, signals, _ = asking.ready(group)
            made = simulate_asked(scene.window, signals, asker, settings[rows], periods_per_year, scratch)
        except BaseException as error:  # noqa: BLE001  a user's code may raise anything
            pass_ctrl_c_on(error)
            results.fail(rows, failure_of(error, scene.strategy.source))
            continue
        outcome = made.outcome
        results.metrics[rows] = outcome.metrics
        results.block_sums[rows], results.block_sumsqs[rows] = outcome.block_sums, outcome.block_sumsqs
        for place in np.flatnonzero(outcome.status != STATUS_OK).tolist():
            reason = STATUS_TEXTS[outcome.status[place]]
            results.failures[int(rows[place])] = Failure(NOT_FINITE, reason, "")
        for place, raised in made.errors.items():
            results.failures[int(rows[place])] = failure_of(raised, scene.strategy.source)
    return results


def trace_asked_details(scene: Scene, runs: Runs) -> tuple[Details, Failures]:
    """Return the details of some runs that have a result; and why others, by row, have none this time."""
    details, failures = Details(), Failures()
    grid, indices = runs.context.grid, runs.indices
    periods_per_year = scene.inputs.periods_per_year
    settings = settings_table(grid.values(indices), periods_per_year)
    time, asking = scene.window_bars.time, _Asking(scene, grid, indices)
    for group in groups(grid, indices):
        for row in group.rows.tolist():
            step(indices[row : row + 1])
            try:
                asker, signals, named = asking.ready(group)
                run = trace_asked(scene.window, signals, asker, settings[row], periods_per_year)
            except BaseException as error:  # noqa: BLE001  a user's code may raise anything, also now
                pass_ctrl_c_on(error)
                failures[row] = failure_of(error, scene.strategy.source)
                continue
            details.add(
                runs.keys(row),
                trade_columns(run, time, named, lag=0 if settings[row, S_FILL] else 1),
                Curve(time, run.equity, run.position, settings[row, S_INITIAL_CAPITAL]),
            )
    return details, failures


class _Asking:
    """Makes the groups of some cells ready to run; rows are prepared anew only where they differ."""

    def __init__(self, scene: Scene, grid: Grid, indices: IndexArray) -> None:
        self._scene, self._grid, self._indices = scene, grid, indices
        self._read = rows_parameters(scene.strategy)
        self._values: tuple[Value, ...] | None = None
        self._rows = PreparedRows({}, 0)
        self._nothing_ordered = np.zeros(len(scene.window), np.uint8)

    def ready(self, group: Group) -> tuple[Asker, SignalSet, Mapping[str, FloatArray]]:
        """Return what runs a group, what the loop reads beside it, and the window's rows by name."""
        scene, first = self._scene, self._scene.inputs.first
        parameters = strategy_parameters(self._grid, int(self._indices[group.rows[0]]))
        rows = self._prepared(parameters)
        asker = make_asker(scene.strategy, scene.indicators, rows, parameters, group.variant.direction, first)
        named = {name: row[first:] for name, row in rows.rows.items()}
        stop_distance = rows.stop_distance(scene.strategy, first)
        said = Evaluation(self._nothing_ordered, stop_distance, named, rows.warm)
        return asker, scene.signals(said, group.variant), named

    def _prepared(self, parameters: Mapping[str, Value]) -> PreparedRows:
        values = tuple(parameters[name] for name in self._read)
        if values != self._values:
            self._values = None
            self._rows = prepare_rows(self._scene.strategy, self._scene.indicators, parameters)
            self._values = values
        return self._rows
