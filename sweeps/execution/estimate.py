"""Estimate: what a sweep will cost, from a sample that is really computed."""

import math
import time
from dataclasses import dataclass

import numpy as np

from lake.encoding import encode
from sweeps.execution.blocks import FIRST_RUNS, MOST_RUNS, TARGET_SECONDS
from sweeps.execution.computed import compute_results
from sweeps.execution.context import Place, SweepContext
from sweeps.execution.prepare import Prepared
from sweeps.execution.room import worker_bytes
from sweeps.execution.rows import Runs, metric_rows
from sweeps.execution.scene import Scene
from sweeps.execution.worker import load_whole, open_scene
from sweeps.spec.grid import CHUNK_CELLS, IndexArray

SAMPLE_SECONDS = 0.5
SAMPLE_RUNS = 4_000


@dataclass(frozen=True)
class Estimate:
    """What a sweep will cost.

    Attributes:
        blocks: Tasks.
        seconds: Wall time of the computation on so many workers, start-up of the cluster aside.
        memory_bytes: Resident memory of driver and workers together.
        lake_bytes: Size of its metrics in the lake, before compaction.
        runs_per_second: Of one worker, measured.
        engine: What computes a run, and how often hopping from event to event is not exact enough for it.
    """

    blocks: int
    seconds: float
    memory_bytes: int
    lake_bytes: int
    runs_per_second: float
    engine: str


def estimate(prepared: Prepared, context: SweepContext, workers: int, reused: int = 0) -> Estimate:
    """Compute a sample of the runs here, write nothing, and reckon the whole from it.

    Args:
        prepared: The sweep.
        context: What its workers are told.
        workers: Workers that compute it.
        reused: Runs of it that need not be computed.
    """
    searched = prepared.searched
    place = _typical(prepared)
    whole = load_whole(context, place)
    began = time.perf_counter()
    scene = open_scene(context, place, whole)
    opening = len(prepared.inputs) * (time.perf_counter() - began)
    compute_results(scene, Runs(context, place, _sample(prepared, 1)))  # compiles, or loads what is compiled
    count, begun = FIRST_RUNS, time.perf_counter()
    while True:
        runs = Runs(context, place, _sample(prepared, count))
        began = time.perf_counter()
        results, _ = compute_results(scene, runs)
        seconds = time.perf_counter() - began
        if time.perf_counter() - begun > SAMPLE_SECONDS or count >= SAMPLE_RUNS or len(runs.indices) < count:
            break
        count *= 4
    done = len(runs.indices)
    size = len(encode(metric_rows(runs, results, seconds), quick=True)) / max(done - len(results.failures), 1)
    rate = done / max(seconds, 1e-9)
    per_block = int(np.clip(TARGET_SECONDS * rate, 1, MOST_RUNS))
    to_compute = prepared.runs - reused + prepared.tests
    blocks = len(searched) * math.ceil(to_compute / len(searched) / per_block)
    all_bars = sum(prepared.inputs[each].bars for each in searched)
    shorter = all_bars / (len(searched) * prepared.inputs[place].bars)
    each = worker_bytes(to_compute)
    return Estimate(
        blocks=blocks,
        seconds=(to_compute * shorter / rate + opening) / workers,
        memory_bytes=each * (workers + 1),
        lake_bytes=int(size * prepared.runs),
        runs_per_second=rate,
        engine=_engine(scene, results.looped / done),
    )


def _typical(prepared: Prepared) -> Place:
    """Return the place that reads as many bars as half of all do: its warm-up costs, too."""
    places = sorted(
        prepared.searched, key=lambda place: prepared.inputs[place].first + prepared.inputs[place].bars
    )
    return places[len(places) // 2]


def _engine(scene: Scene, looped: float) -> str:
    if scene.strategy.kind == "backtester":
        return "the backtester itself"
    if scene.strategy.kind == "bar_by_bar":
        return "bar by bar, the strategy asked at every close"
    return f"from event to event; bar by bar for {looped:.1%} of the sample, where that is not exact"


def _sample(prepared: Prepared, count: int) -> IndexArray:
    """Return neighbouring cells from the middle of the grid, as a block has them."""
    grid = prepared.grid
    middle = grid.raw_size // 2
    found = grid.survivors(middle, middle + CHUNK_CELLS)
    if len(found) < count:
        found = grid.survivors(max(0, middle - CHUNK_CELLS), middle + CHUNK_CELLS)
    if not len(found):
        found = next(chunk for chunk in grid.chunks() if len(chunk))
    return found[:count]
