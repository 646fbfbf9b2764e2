"""Computed: runs of any kind of strategy, here and now: results, and details where they are wanted."""

from dataclasses import replace
from typing import TypeAlias

from sweeps.execution.asked import compute_asked, trace_asked_details
from sweeps.execution.backtests import compute_backtests
from sweeps.execution.compute import compute
from sweeps.execution.details import Details, trace_details
from sweeps.execution.results import Results
from sweeps.execution.rows import Runs
from sweeps.execution.scene import Scene

Made: TypeAlias = tuple[Results, Details]


def make(scene: Scene, runs: Runs, *, trace: bool) -> Made:
    """Return what is wanted of some runs: their results, or, of those that have one, their details alone."""
    if trace:
        return Results.empty(len(runs.indices)), trace_runs(scene, runs)
    return compute_results(scene, runs)


def compute_results(scene: Scene, runs: Runs) -> tuple[Results, Details]:
    """Return the results of some runs, and their details if the sweep keeps all."""
    keep = runs.keep_details
    if scene.strategy.kind == "backtester":
        return compute_backtests(scene, runs, keep=keep)
    computing = compute_asked if scene.strategy.kind == "bar_by_bar" else compute
    results = computing(scene, runs.context.grid, runs.indices)
    kept = replace(runs, indices=runs.indices[results.good])
    return results, _traced(scene, kept) if keep else Details()


def trace_runs(scene: Scene, runs: Runs) -> Details:
    """Return trades and equity of runs that have a result."""
    if scene.strategy.kind == "backtester":
        return compute_backtests(scene, runs, keep=True)[1]
    return _traced(scene, runs)


def _traced(scene: Scene, runs: Runs) -> Details:
    if not len(runs.indices):
        return Details()
    tracing = trace_asked_details if scene.strategy.kind == "bar_by_bar" else trace_details
    return tracing(scene, runs)
