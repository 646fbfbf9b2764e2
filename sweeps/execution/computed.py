"""Computed: runs of any kind of strategy, here and now: results, and details where they are wanted."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np

from sweeps.execution.asked import compute_asked, trace_asked_details
from sweeps.execution.backtests import compute_backtests
from sweeps.execution.compute import compute
from sweeps.execution.details import Details, trace_details
from sweeps.execution.failures import Failures
from sweeps.execution.results import Results
from sweeps.execution.rows import Runs
from sweeps.execution.scene import Scene

Made: TypeAlias = tuple[Results, Details]


def make(scene: Scene, runs: Runs, *, trace: bool) -> Made:
    """Return what is wanted of some runs: their results, or, of those that have one, their details alone.

    Where details are traced, a run that raises this time has failed in what is returned.
    """
    if not trace:
        return compute_results(scene, runs)
    results = Results.empty(len(runs.indices))
    details, failures = trace_runs(scene, runs)
    results.failures.update(failures)
    return results, details


def compute_results(scene: Scene, runs: Runs) -> Made:
    """Return the results of some runs, and their details if the sweep keeps all.

    A run of which details are to be kept, and that raises when it is traced, fails.
    """
    keep = runs.keep_details
    if scene.strategy.kind == "backtester":
        return compute_backtests(scene, runs, keep=keep)
    computing = compute_asked if scene.strategy.kind == "bar_by_bar" else compute
    results = computing(scene, runs.context.grid, runs.indices)
    if not keep:
        return results, Details()
    good = np.flatnonzero(results.good)
    details, failures = trace_runs(scene, replace(runs, indices=runs.indices[good]))
    results.failures.update({int(good[row]): failure for row, failure in failures.items()})
    return results, details


def trace_runs(scene: Scene, runs: Runs) -> tuple[Details, Failures]:
    """Return trades and equity of runs that have a result; and why others, by row, have none this time."""
    if not len(runs.indices):
        return Details(), {}
    if scene.strategy.kind == "backtester":
        results, details = compute_backtests(scene, runs, keep=True)
        return details, results.failures
    tracing = trace_asked_details if scene.strategy.kind == "bar_by_bar" else trace_details
    return tracing(scene, runs)
