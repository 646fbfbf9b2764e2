"""Containment: a user's code is computed where its harm stays: in a worker that can be lost, or apart.

Built-in code runs as it is. A user's runs in the worker as well, under a deadline and a bound on memory, for
nothing is faster; if it kills the worker, the driver sends the block again, to be computed apart
(`quarantine`). A worker whose memory did not suffice ends, for it stays full. Code is computed apart at once
where nobody would start the worker again. A cluster within the user's own process is one that they want their
code in: nothing bounds it there.
"""

import os

from distributed import Worker, get_worker

from sweeps.execution.computed import Made, make
from sweeps.execution.confined import Confinement
from sweeps.execution.deadline import deadline, end_worker
from sweeps.execution.failures import MEMORY
from sweeps.execution.quarantine import compute_apart
from sweeps.execution.rows import Runs
from sweeps.execution.scene import Scene


def contained(scene: Scene, runs: Runs, *, trace: bool = False, apart: bool = False) -> Made:
    """Return results of some runs, and details if the sweep keeps all.

    Args:
        scene: The symbol's bars and the strategy.
        runs: The runs.
        trace: Whether the runs have a result, and their details alone are wanted.
        apart: Whether they killed a worker before.
    """
    is_own = scene.strategy.source.bundle is None
    worker = None if is_own else _worker()
    if not apart and (is_own or worker is None or worker.nanny is not None):
        try:
            with deadline(runs.context.limits.run_seconds, is_set=worker is not None):
                made = make(scene, runs, trace=trace)
        except MemoryError:
            if worker is None:
                raise
        else:
            if worker is None or all(failure.cause != MEMORY for failure in made[0].failures.values()):
                return made
        end_worker("a strategy took all memory that this worker has")
    asks_sets = scene.strategy.kind == "signals"
    given = Confinement(runs.context, runs.place, scene.bars, trace, asks_sets, dict(os.environ))
    return compute_apart(given, runs.indices)


def _worker() -> Worker | None:
    """Return the worker that this process is; None where it is the user's own."""
    try:
        worker = get_worker()
    except ValueError:
        return None
    return None if worker.address.startswith("inproc://") else worker
