"""Sampling: what some runs of a sweep take, really computed; nothing is written."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from lake.encoding import encode
from sweeps.execution.blocks import FIRST_RUNS, most_detailed
from sweeps.execution.computed import compute_results, trace_runs
from sweeps.execution.context import Place, SweepContext
from sweeps.execution.harmless import harmless
from sweeps.execution.prepare import Prepared
from sweeps.execution.rows import Runs, metric_rows
from sweeps.execution.scene import Scene
from sweeps.execution.worker import load_whole, open_scene
from sweeps.spec.grid import CHUNK_CELLS, Grid, IndexArray

SAMPLE_SECONDS = 0.5
SAMPLE_RUNS = 4_000
DETAIL_SECONDS = 0.2
DETAIL_RUNS = 64
TRIPS = 3


@dataclass(frozen=True)
class Sample:
    """What was measured.

    Attributes:
        place: The place whose runs it computed.
        opening_seconds: Until bars and strategy of a place are there.
        run_seconds: Of a run's metrics.
        run_bytes: Of them in the lake, as a sweep writes them.
        detail_seconds: Of a run's trades and equity.
        detail_bytes: Of them in the lake.
        trip_seconds: Of one small question to the storage.
        engine: What computes a run, and how often hopping from event to event is not exact enough for it.
    """

    place: Place
    opening_seconds: float
    run_seconds: float
    run_bytes: float
    detail_seconds: float
    detail_bytes: float
    trip_seconds: float
    engine: str


Compute = Callable[[Callable[[], "Sample"]], "Sample"]
"""Makes a call where a sample is to be computed, and returns what it returns."""


def sample(prepared: Prepared, context: SweepContext, compute: Compute = lambda call: call()) -> Sample:
    """Compute some runs of a sweep, and the details of a few of them.

    Args:
        prepared: The sweep.
        context: What its workers are told.
        compute: Where they are computed; unless given, here.

    Raises:
        StrategyHarmsError: If a user's strategy does harm to the process that computes them.
    """
    place = _typical(prepared)
    call = partial(sampled, replace(context, keep_details=False).at(place), prepared.grid, place)
    return compute(partial(harmless, context.strategy, place.symbol, context.limits, call))


def sampled(context: SweepContext, grid: Grid, place: Place) -> Sample:
    """Compute some runs at a place, here."""
    whole = load_whole(context, place)
    began = time.perf_counter()
    scene = open_scene(context, place, whole)
    opening = time.perf_counter() - began
    compute_results(scene, Runs(context, place, _cells(grid, 1)))  # compiles, or loads what is compiled
    count, begun = FIRST_RUNS, time.perf_counter()
    while True:
        runs = Runs(context, place, _cells(grid, count))
        began = time.perf_counter()
        results, _ = compute_results(scene, runs)
        seconds = max(time.perf_counter() - began, 1e-9)
        if time.perf_counter() - begun > SAMPLE_SECONDS or count >= SAMPLE_RUNS or len(runs.indices) < count:
            break
        count *= 4
    done, good = len(runs.indices), runs.indices[results.good]
    each = seconds / done
    detail_seconds, detail_bytes = _details(scene, replace(runs, indices=good))
    return Sample(
        place=place,
        opening_seconds=opening,
        run_seconds=each,
        run_bytes=_size([metric_rows(runs, results, seconds)]) / max(len(good), 1),
        detail_seconds=detail_seconds,
        detail_bytes=detail_bytes,
        trip_seconds=_trip(context),
        engine=_engine(scene, results.looped / done),
    )


def _details(scene: Scene, runs: Runs) -> tuple[float, float]:
    """Return seconds and bytes of a run's details; 0 if no run has a result."""
    if not len(runs.indices):
        return 0.0, 0.0
    trace_runs(scene, replace(runs, indices=runs.indices[:1]))  # compiles
    first, seconds = _traced(scene, runs, 1)
    most = min(DETAIL_RUNS, most_detailed(runs.inputs.bars), len(runs.indices))
    count = min(max(2, int(DETAIL_SECONDS / seconds)), most)
    if count < 2:
        return seconds, first
    size, seconds = _traced(scene, runs, count)
    return seconds / count, (size - first) / (count - 1)  # a file's head and foot are of no run


def _traced(scene: Scene, runs: Runs, count: int) -> tuple[int, float]:
    """Return bytes and seconds of the details of the first runs, encoded: that takes as long again."""
    began = time.perf_counter()
    details, _ = trace_runs(scene, replace(runs, indices=runs.indices[:count]))
    size = _size([rows for _, rows in details.tables()])
    return size, max(time.perf_counter() - began, 1e-9)


def _size(tables: Sequence[pa.Table]) -> int:
    return sum(len(encode(rows, quick=True)) for rows in tables)


def _trip(context: SweepContext) -> float:
    """Return the time of the fastest of some questions; what the first one opens stays open."""
    storage, seconds = context.bars.storage, []
    for _ in range(TRIPS):
        began = time.perf_counter()
        storage.exists()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


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


def _cells(grid: Grid, count: int) -> IndexArray:
    """Return neighbouring cells from the middle of the grid, as a block has them."""
    middle = grid.raw_size // 2
    found = grid.survivors(middle, middle + CHUNK_CELLS)
    if len(found) < count:
        found = grid.survivors(max(0, middle - CHUNK_CELLS), middle + CHUNK_CELLS)
    if not len(found):
        found = next(chunk for chunk in grid.chunks() if len(chunk))
    return found[:count]
