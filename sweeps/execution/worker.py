"""What runs on a worker: one block in, one receipt out."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from lake.receipts import SMALL_BYTES, FileReceipt, Rows
from lake.writer import write_rows
from sweeps.bars.store import load_bars
from sweeps.errors import SweepError
from sweeps.execution.backtests import compute_backtests
from sweeps.execution.blocks import Block
from sweeps.execution.compute import compute
from sweeps.execution.context import SweepContext
from sweeps.execution.details import Details, trace_details
from sweeps.execution.results import Results
from sweeps.execution.rows import Runs, failure_rows, metric_rows
from sweeps.execution.scene import Scene

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
        seconds: Time to compute and write.
    """

    block: Block
    files: tuple[FileReceipt, ...]
    rows: tuple[Rows, ...]
    runs: int
    failed: int
    seconds: float


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

    A second call of the same block writes other files, of which the driver commits one set.
    """
    begun = time.perf_counter()
    scene = _scenes.get(context, block.symbol)
    runs = Runs(context, block.symbol, block.indices(context.grid))
    results, details = compute_results(scene, runs)
    tables = [("metrics", metric_rows(runs, results, time.perf_counter() - begun))]
    if results.failures:
        tables.append(("failures", failure_rows(runs, results)))
    files, rows = _store(runs, tables + details.tables())
    failed = len(results.failures)
    return BlockReceipt(block, files, rows, block.runs - failed, failed, time.perf_counter() - begun)


def run_details(context: SweepContext, block: Block) -> BlockReceipt:
    """Compute again the runs of a block, which are winners, and write their trades and equity."""
    begun = time.perf_counter()
    scene = _scenes.get(context, block.symbol)
    runs = Runs(context, block.symbol, block.indices(context.grid))
    if scene.strategy.kind == "backtester":
        _, details = compute_backtests(scene, runs, keep=True)
    else:
        details = trace_details(scene, runs)
    files, rows = _store(runs, details.tables())
    return BlockReceipt(block, files, rows, block.runs, 0, time.perf_counter() - begun)


def compute_results(scene: Scene, runs: Runs) -> tuple[Results, Details]:
    """Return the results of some runs, and their details if the sweep keeps all."""
    keep = runs.context.keep_details
    if scene.strategy.kind == "backtester":
        return compute_backtests(scene, runs, keep=keep)
    results = compute(scene, runs.context.grid, runs.indices)
    kept = replace(runs, indices=runs.indices[results.good])
    return results, trace_details(scene, kept) if keep else Details()


def _store(
    runs: Runs, tables: Sequence[tuple[str, pa.Table]]
) -> tuple[tuple[FileReceipt, ...], tuple[Rows, ...]]:
    """Write large tables, and leave small ones to be packed with others."""
    context = runs.context
    files: list[FileReceipt] = []
    rows: list[Rows] = []
    for table, content in tables:
        partition = context.partition(table, runs.symbol)
        if content.nbytes >= SMALL_BYTES:
            files.append(write_rows(context.bars.storage, table, content, partition, quick=True))
        elif content.num_rows:
            rows.append(Rows.of(table, partition, content))
    return tuple(files), tuple(rows)
