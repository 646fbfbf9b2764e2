"""Warm: what a worker has ready before its first block: what it imports, and compiled code from the disk."""

import logging
from functools import cache
from pathlib import Path
from uuid import uuid4

import numpy as np
from distributed import Status, Worker, WorkerPlugin

from sweeps.bars.frame import Bars
from sweeps.execution.compute import compute
from sweeps.execution.context import Place, PlaceInputs
from sweeps.execution.memory import limit_memory
from sweeps.execution.scene import Scene
from sweeps.execution.versions import code_versions, differences
from sweeps.execution.worker import refuse_blocks
from sweeps.simulation.kernel import trace
from sweeps.simulation.settings import settings_table
from sweeps.simulation.window import SignalSet
from sweeps.spec.binding import bind
from sweeps.spec.config import parse_config
from sweeps.strategies.registry import resolve

logger = logging.getLogger("distributed.worker")
"""What a worker says goes where Dask's own words go."""
BARS = 64
HOUR_MICROS = 3_600_000_000
SWEEP = {
    "name": "warm",
    "strategy": "sma_cross",
    "symbols": ["warm"],
    "timeframe": "1h",
    "grid": {"fast": [2, 3], "slow": [5]},
    "exits": {"stop_loss": ["off", 0.01]},
}


class Warm(WorkerPlugin):
    """Warms every worker of a client, also those that join later; one that runs other code leaves.

    A scheduler keeps it, under a name of its own, until the client takes it away: a later one may run other
    code.
    """

    def __init__(self) -> None:
        self.client_versions = code_versions()
        self.name = f"sweeplake-warm-{uuid4().hex}"

    def setup(self, worker: Worker) -> None:
        """Run once on a worker, before its first block."""
        if different := differences(self.client_versions, code_versions()):
            logger.error("this worker differs from the client, and leaves: %s", ", ".join(different))
            refuse_blocks()
            worker.loop.add_callback(worker.close, reason="sweeplake-versions-differ")
            return
        most = worker.memory_manager.memory_limit
        if worker.nanny is not None and most:  # else this may be the user's own process
            _bound(worker, most)
        warm()


@cache
def _bound(worker: Worker, most: int) -> None:
    """Let a worker that takes more memory than it may end, so that its nanny starts another.

    Dask would have it pause before, and what is left of a user's leak is never given back. Nothing that
    sweeps leave with workers can be spilled.
    """
    limit_memory(most)
    worker.memory_manager.memory_pause_fraction = False
    worker.memory_manager.memory_spill_fraction = False
    if worker.status == Status.paused:
        worker.status = Status.running


@cache
def warm() -> None:
    """Run a sweep of a few bars: the simulation's doors are compiled, or loaded from numba's cache."""
    close = 100.0 + np.sin(np.arange(BARS))
    time = np.arange(BARS, dtype=np.int64) * HOUR_MICROS
    bars = Bars("warm", "1h", time, close, close + 0.5, close - 0.5, close, np.ones(BARS))
    config = parse_config(SWEEP, "warm")
    strategy = resolve(config.strategy, Path())
    period = bars.opens_at(0), bars.opens_at(-1)
    scene = Scene(strategy, bars, PlaceInputs(Place("warm"), "", 0, 252.0, 0, BARS, period))
    grid = bind(config, strategy.parameters)
    cells = np.arange(grid.raw_size, dtype=np.int64)
    compute(scene, grid, cells)
    settings = settings_table(grid.values(cells), 252.0)
    trace(scene.window, SignalSet(np.zeros(BARS, np.uint8)), settings[0], 252.0)
