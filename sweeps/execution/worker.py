"""What runs on a worker: one block in, one receipt out."""

import resource
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa
from distributed import get_worker, secede

from lake.receipts import SMALL_BYTES, FileReceipt, Rows
from lake.writer import encode_rows
from sweeps.bars.store import load_bars
from sweeps.errors import SweepError
from sweeps.execution.asked import compute_asked, trace_asked_details
from sweeps.execution.backtests import compute_backtests
from sweeps.execution.blocks import Block
from sweeps.execution.compute import compute
from sweeps.execution.context import SweepContext
from sweeps.execution.details import Details, trace_details
from sweeps.execution.results import Results
from sweeps.execution.rows import Runs, failure_rows, metric_rows
from sweeps.execution.scene import Scene
from sweeps.execution.stages import ENCODE, OPEN, QUEUE, ROWS, SIMULATE, WRITE, Stopwatch

SCENES_KEPT = 2


class BarsChangedError(SweepError):
    """The bars that a worker read are not those that the sweep was planned on."""

    def __init__(self, symbol: str, expected: str, found: str) -> None:
        super().__init__(symbol, expected, found)
        self.symbol, self.expected, self.found = symbol, expected, found

    def __str__(self) -> str:
        return (
            f"bars of {self.symbol} have fingerprint {self.found}, the sweep was planned on {self.expected}; "
            "start it again on the bars as they are now"
        )


@dataclass(frozen=True, eq=False)
class BlockReceipt:
    """What a block made: written files, small rows to pack with others, counts and times.

    Attributes:
        block: The block.
        files: Files that the worker wrote.
        rows: Rows too few for a file of their own.
        runs: Runs with a result.
        failed: Runs without.
        stages: Seconds by stage; see `stages`.
        worker_bytes: Most resident memory that the worker's process had until then.
    """

    block: Block
    files: tuple[FileReceipt, ...]
    rows: tuple[Rows, ...]
    runs: int
    failed: int
    stages: Mapping[str, float] = field(default_factory=dict)
    worker_bytes: int = 0

    @property
    def seconds(self) -> float:
        """Time that the block took, the opening of its scene aside, which later blocks find open."""
        return sum(seconds for stage, seconds in self.stages.items() if stage != OPEN)


class _Scenes:
    """The scenes that this process works on; the least recently used is dropped. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], Scene] = OrderedDict()

    def get(self, context: SweepContext, symbol: str) -> Scene:
        key = context.sweep_id, symbol
        with self._lock:
            if key not in self._held:
                self._held[key] = open_scene(context, symbol)
                while len(self._held) > SCENES_KEPT:
                    self._held.popitem(last=False)
            self._held.move_to_end(key)
            return self._held[key]


_scenes = _Scenes()
_leaving: dict[int, threading.Semaphore] = {}


def open_scene(context: SweepContext, symbol: str) -> Scene:
    """Load a symbol's bars and the strategy.

    Raises:
        BarsChangedError: If the bars are not those that the sweep was planned on.
    """
    inputs = context.inputs[symbol]
    bars = load_bars(context.bars, symbol, context.timeframe, end=context.end)
    found = bars.fingerprint()
    if found != inputs.fingerprint:
        raise BarsChangedError(symbol, inputs.fingerprint, found)
    return Scene(context.strategy.load(), bars, inputs)


def run_block(context: SweepContext, block: Block) -> BlockReceipt:
    """Compute a block and write what it makes; nothing is visible before the driver commits the receipt.

    A second call of the same block writes other files, of which the driver commits one set. On a Dask worker
    the next block begins while this one is encoded and written; the receipt returns when its files are whole.
    """
    watch = Stopwatch()
    scene = _scenes.get(context, block.symbol)
    watch.lap(OPEN)
    runs = Runs(context, block.symbol, block.indices(context.grid))
    results, details = compute_results(scene, runs)
    watch.lap(SIMULATE)
    tables = [("metrics", metric_rows(runs, results, watch.seconds[SIMULATE]))]
    if results.failures:
        tables.append(("failures", failure_rows(runs, results)))
    return _receipt(runs, block, tables + details.tables(), len(results.failures), watch)


def run_details(context: SweepContext, block: Block) -> BlockReceipt:
    """Compute again the runs of a block, which are winners, and write their trades and equity."""
    watch = Stopwatch()
    scene = _scenes.get(context, block.symbol)
    watch.lap(OPEN)
    runs = Runs(context, block.symbol, block.indices(context.grid))
    details = trace_runs(scene, runs)
    watch.lap(SIMULATE)
    return _receipt(runs, block, details.tables(), 0, watch)


def trace_runs(scene: Scene, runs: Runs) -> Details:
    """Return trades and equity of runs that have a result."""
    if scene.strategy.kind == "backtester":
        return compute_backtests(scene, runs, keep=True)[1]
    return _traced(scene, runs)


def compute_results(scene: Scene, runs: Runs) -> tuple[Results, Details]:
    """Return the results of some runs, and their details if the sweep keeps all."""
    keep = runs.context.keep_details
    if scene.strategy.kind == "backtester":
        return compute_backtests(scene, runs, keep=keep)
    computing = compute_asked if scene.strategy.kind == "bar_by_bar" else compute
    results = computing(scene, runs.context.grid, runs.indices)
    kept = replace(runs, indices=runs.indices[results.good])
    return results, _traced(scene, kept) if keep else Details()


def _traced(scene: Scene, runs: Runs) -> Details:
    tracing = trace_asked_details if scene.strategy.kind == "bar_by_bar" else trace_details
    return tracing(scene, runs)


def _receipt(
    runs: Runs, block: Block, tables: Sequence[tuple[str, pa.Table]], failed: int, watch: Stopwatch
) -> BlockReceipt:
    """Write large tables, leave small ones to be packed with others, and return the receipt."""
    watch.lap(ROWS)
    context = runs.context
    files: list[FileReceipt] = []
    rows: list[Rows] = []
    with _beside_the_next_block():
        watch.lap(QUEUE)
        for table, content in tables:
            partition = context.partition(table, runs.symbol)
            if content.nbytes >= SMALL_BYTES:
                file = encode_rows(table, content, partition, quick=True)
                watch.lap(ENCODE)
                files.append(file.put(context.bars.storage))
                watch.lap(WRITE)
            elif content.num_rows:
                rows.append(Rows.of(table, partition, content))
                watch.lap(ENCODE)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return BlockReceipt(
        block, tuple(files), tuple(rows), block.runs - failed, failed, dict(watch.seconds), resident
    )


@contextmanager
def _beside_the_next_block() -> Iterator[None]:
    """Give this task's place on a Dask worker to the next one.

    As many blocks may be on their way to storage as are computed; one more waits, so that memory is bounded.
    """
    try:
        threads = get_worker().state.nthreads
    except ValueError:  # not on a worker: there is nobody to give a place to
        yield
        return
    with _leaving.setdefault(threads, threading.Semaphore(threads)):
        secede()
        yield
