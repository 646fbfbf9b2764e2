"""Containment: a user's code is computed where its harm stays: in a worker that can be lost, or apart.

Built-in code runs as it is. A user's runs in the worker as well, under a deadline and a bound on memory, for
nothing is faster; if it kills the worker, the driver sends the block again, to be computed apart
(`quarantine`). A worker whose memory did not suffice ends, for it stays full. Code is computed apart at once
where nobody would start the worker again. A cluster within the user's own process is one that they want their
code in: nothing bounds it there.
"""

import os

from distributed import Worker, get_worker

from sweeps.bars.frame import Bars
from sweeps.execution.child import LOAD_SECONDS
from sweeps.execution.computed import Made, make
from sweeps.execution.confined import Confinement
from sweeps.execution.context import SweepContext
from sweeps.execution.deadline import deadline, end_worker
from sweeps.execution.failures import MEMORY
from sweeps.execution.quarantine import compute_apart
from sweeps.execution.rows import Runs
from sweeps.execution.scene import Scene
from sweeps.execution.steps import step
from sweeps.strategies.contract import Strategy


def is_apart(context: SweepContext, *, lost: bool) -> bool:
    """Return whether runs are computed apart.

    Args:
        context: The sweep.
        lost: Whether they killed a worker before.
    """
    if context.strategy.bundle is None:
        return False
    worker = _worker()
    return lost or (worker is not None and worker.nanny is None)


def loaded(context: SweepContext) -> Strategy:
    """Load the strategy; a worker has a deadline for that as for all that a user's code does."""
    if context.strategy.bundle is None or _worker() is None:
        return context.strategy.load()
    with deadline(LOAD_SECONDS):
        step({})
        return context.strategy.load()


def contained(scene: Scene, runs: Runs, *, trace: bool = False) -> Made:
    """Return results of some runs, and details if the sweep keeps all.

    Args:
        scene: The symbol's bars and the strategy.
        runs: The runs.
        trace: Whether the runs have a result, and their details alone are wanted.
    """
    worker, made = None if runs.context.strategy.bundle is None else _worker(), None
    try:
        with deadline(runs.context.limits.run_seconds, is_set=worker is not None):
            made = make(scene, runs, trace=trace)
    except MemoryError:
        if worker is None:
            raise
    if made is None or (worker is not None and any(one.cause == MEMORY for one in made[0].failures.values())):
        end_worker("a strategy took all memory that this worker has")
    return made


def apart(bars: Bars, runs: Runs, *, trace: bool = False) -> Made:
    """Return the same of runs that are computed apart, where the strategy is loaded as well.

    Args:
        bars: The bars that can be read.
        runs: The runs.
        trace: Whether the runs have a result, and their details alone are wanted.
    """
    asks_sets = runs.context.kind == "signals"
    given = Confinement(runs.context, runs.place, bars, trace, asks_sets, dict(os.environ))
    return compute_apart(given, runs.indices)


def _worker() -> Worker | None:
    """Return the worker that this process is; None where it is the user's own."""
    try:
        worker = get_worker()
    except ValueError:
        return None
    return None if worker.address.startswith("inproc://") else worker
