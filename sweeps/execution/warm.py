"""Warm: what a worker has ready before its first block: what it imports, and compiled code from the disk."""

from functools import cache
from pathlib import Path
from uuid import uuid4

import numpy as np
from distributed import Worker, WorkerPlugin

from sweeps.bars.frame import Bars
from sweeps.execution.compute import compute
from sweeps.execution.context import Place, PlaceInputs
from sweeps.execution.memory import keep_freed_memory
from sweeps.execution.scene import Scene
from sweeps.execution.versions import code_versions
from sweeps.execution.welcome import is_welcome
from sweeps.simulation.kernel import trace
from sweeps.simulation.settings import settings_table
from sweeps.simulation.window import SignalSet
from sweeps.spec.binding import bind
from sweeps.spec.config import parse_config
from sweeps.strategies.registry import resolve

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
        if is_welcome(worker, self.client_versions):
            warm()


@cache
def warm() -> None:
    """Run a sweep of a few bars: the simulation's doors are compiled, or loaded from numba's cache.

    And what the process frees stays with it from now on.
    """
    keep_freed_memory()
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
