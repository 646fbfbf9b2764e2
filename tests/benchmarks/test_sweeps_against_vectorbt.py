"""Whole grids, close fills: a block as a worker computes it, against vectorbt on our signals.

Ours is timed from the grid to 31 metrics and 32 block statistics a run, the strategy's calls and indicators
included; the peer from ready signals to five metrics, in the chunks that are its fastest. Both have what a
worker has: memory that is freed stays with the process.
"""

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweeps.bars.frame import Bars
from sweeps.execution.compute import compute
from sweeps.execution.memory import keep_freed_memory
from sweeps.execution.scene import Scene
from sweeps.execution.warm import warm
from sweeps.simulation.metrics import METRIC_NAMES
from sweeps.strategies.evaluate import evaluate
from tests.benchmarks.alone import COMPARED, scene_and_grid
from tests.benchmarks.cases import CASES, MILLION, document_of
from tests.benchmarks.contest import Metrics, contest
from tests.benchmarks.market import market
from tests.crosscheck.vectorbt_peer import CHUNK, peer_runs

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

PEER_EXITS = (("stop_loss", "sl_stop"), ("trailing_stop", "sl_stop"), ("take_profit", "tp_stop"))
MILLION_CHUNK = 4


@pytest.mark.parametrize("name", CASES)
def test_sweep_against_vectorbt(name: str) -> None:
    against_vectorbt(name, document_of(CASES[name]), market(), CHUNK, CHUNK)


def test_a_million_bars_against_vectorbt() -> None:
    warm()  # compiled code is on the disk from now on
    with multiprocessing.get_context("spawn").Pool(1) as apart:  # what ran here before has left its memory
        megabytes = apart.apply(megabytes_of_a_million)
    print(f"\na million bars, 276 crosses: {megabytes:,.0f} MB above the bars")
    assert 0 < megabytes < 300
    bars = market(1_000_000, 0.001)
    name, document = "A million bars, 276 crosses", document_of(MILLION)
    against_vectorbt(name, document, bars, 8, MILLION_CHUNK)
    against_vectorbt(f"{name}, averages there", document, bars, 8, MILLION_CHUNK, remembered=True)


def megabytes_of_a_million() -> float:
    """Return what a fresh process takes for the million bars at most, compiled code included."""
    keep_freed_memory()
    bars = market(1_000_000, 0.001)
    before = _most_kilobytes()
    scene, grid = scene_and_grid(document_of(MILLION), bars)
    compute(scene, grid, grid.survivors(0, grid.raw_size))
    return (_most_kilobytes() - before) / 1024


def _most_kilobytes() -> int:
    """Return the most that this process had; what `getrusage` tells begins with what its parent had."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])


def against_vectorbt(
    name: str,
    document: dict[str, Any],
    bars: Bars,
    sample_size: int,
    chunk: int,
    *,
    remembered: bool = False,
) -> None:
    """Compare a sample, then time both; ``remembered`` has indicators at hand, as a worker's later blocks."""
    keep_freed_memory()
    scene, grid = scene_and_grid(document, bars)
    cells = grid.survivors(0, grid.raw_size)
    size = min(sample_size, len(cells))
    sample = np.sort(np.random.default_rng(2).choice(len(cells), size, replace=False))
    rows = [grid.row(int(cell)) for cell in cells[sample]]
    names = [parameter.name for parameter in scene.strategy.parameters]
    said = [
        evaluate(scene.strategy, scene.indicators, {n: row[n] for n in names}, row["direction"]).events
        for row in rows
    ]
    codes = np.column_stack(said)
    columns = {
        key: (codes & bit) > 0
        for key, bit in (("entries", 1), ("short_entries", 2), ("exits", 4), ("short_exits", 8))
    }
    options = {"init_cash": 100_000.0, "fees": 5e-4, "sl_trail": rows[0]["trailing_stop"] is not None}
    for setting, option in PEER_EXITS:
        values = np.array([row[setting] if row[setting] is not None else np.nan for row in rows])
        if not np.isnan(values).all():
            options[option] = values[None, :]

    def ours() -> Metrics:
        fresh = scene if remembered else Scene(scene.strategy, bars, scene.inputs)
        found = compute(fresh, grid, cells).metrics
        return {metric: found[:, METRIC_NAMES.index(metric)] for metric in COMPARED}

    def peer() -> Metrics:
        return peer_runs(scene.window, columns, metrics=COMPARED, chunk=chunk, **options)

    contest(name, ours, peer, sample)
