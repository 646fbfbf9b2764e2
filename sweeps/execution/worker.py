"""What runs on a worker: one block in, one receipt out."""

import resource
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa
from distributed import Reschedule, get_worker, secede

from lake.receipts import SMALL_BYTES, FileReceipt, Rows
from lake.writer import encode_rows
from sweeps.bars.frame import Bars
from sweeps.bars.store import load_bars
from sweeps.errors import SweepError
from sweeps.execution.blocks import Block
from sweeps.execution.computed import Made
from sweeps.execution.containment import apart, contained, is_apart, loaded
from sweeps.execution.context import Place, SweepContext
from sweeps.execution.failures import Failure
from sweeps.execution.rows import Runs, failure_rows, metric_rows
from sweeps.execution.scene import Scene
from sweeps.execution.stages import ENCODE, OPEN, QUEUE, ROWS, SIMULATE, WRITE, Stopwatch
from sweeps.execution.steps import stepping
from sweeps.execution.welcome import is_welcome

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
        undetailed: Of a block of winners, why some raised when they were computed again.
    """

    block: Block
    files: tuple[FileReceipt, ...]
    rows: tuple[Rows, ...]
    runs: int
    failed: int
    stages: Mapping[str, float] = field(default_factory=dict)
    worker_bytes: int = 0
    undetailed: tuple[Failure, ...] = ()

    @property
    def seconds(self) -> float:
        """Time that the block took, the opening of its scene aside, which later blocks find open."""
        return sum(seconds for stage, seconds in self.stages.items() if stage != OPEN)


class _Scenes:
    """The scenes that this process works on; the least recently used is dropped. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, Place], Scene] = OrderedDict()
        self._bars: tuple[tuple[str, str], Bars] | None = None

    def bars(self, context: SweepContext, place: Place) -> Bars:
        """Return the bars that can be read at a place."""
        with self._lock:
            return _readable(context, place, self._whole(context, place))

    def get(self, context: SweepContext, place: Place) -> Scene:
        """Return the scene at a place."""
        key = context.sweep_id, place
        with self._lock:
            if key not in self._held:
                self._held[key] = open_scene(context, place, self._whole(context, place))
                while len(self._held) > SCENES_KEPT:
                    self._held.popitem(last=False)
            self._held.move_to_end(key)
            return self._held[key]

    def _whole(self, context: SweepContext, place: Place) -> Bars:
        """Return the bars that all spans of a symbol are cut from; those of the last symbol are kept."""
        key = context.sweep_id, place.symbol
        if self._bars is None or self._bars[0] != key:
            self._bars = key, load_whole(context, place)
        return self._bars[1]


_scenes = _Scenes()
_leaving: dict[int, threading.Semaphore] = {}


def load_whole(context: SweepContext, place: Place) -> Bars:
    """Load all bars of a place's symbol that the sweep reads.

    Raises:
        BarsChangedError: If they are not those that the sweep was planned on.
    """
    bars = load_bars(context.bars, place.symbol, context.timeframe, end=context.end)
    found, planned = bars.fingerprint(), context.inputs[place].whole
    if found != planned:
        raise BarsChangedError(place.symbol, planned, found)
    return bars


def open_scene(context: SweepContext, place: Place, whole: Bars | None = None) -> Scene:
    """Return the bars that can be read at a place, with the strategy.

    Args:
        context: The sweep.
        place: The place.
        whole: The symbol's bars, if they are loaded.

    Raises:
        BarsChangedError: If the bars are not those that the sweep was planned on.
    """
    bars = _readable(context, place, whole if whole is not None else load_whole(context, place))
    return Scene(stepping(loaded(context)), bars, context.inputs[place])


def _readable(context: SweepContext, place: Place, whole: Bars) -> Bars:
    inputs = context.inputs[place]
    return whole.cut(inputs.first + inputs.bars)


def run_block(context: SweepContext, block: Block) -> BlockReceipt:
    """Compute a block and write what it makes; nothing is visible before the driver commits the receipt.

    A second call of the same block writes other files, of which the driver commits one set. On a Dask worker
    the next block begins while this one is encoded and written; the receipt returns when its files are whole.
    """
    _require_welcome(context)
    watch = Stopwatch()
    runs = Runs(context, block.place, block.indices(context.grid), block.splits)
    results, details = _made(runs, watch, lost=block.lost > 0)
    tables = [("metrics", metric_rows(runs, results, watch.seconds[SIMULATE]))]
    if results.failures:
        tables.append(("failures", failure_rows(runs, results)))
    return _receipt(runs, block, tables + details.tables(), len(results.failures), watch)


def run_details(context: SweepContext, block: Block) -> BlockReceipt:
    """Compute again the runs of a block, which are winners, and write their trades and equity.

    A run that had a result and raises this time is named in the receipt, and gets none.
    """
    _require_welcome(context)
    watch = Stopwatch()
    runs = Runs(context, block.place, block.indices(context.grid))
    results, details = _made(runs, watch, lost=block.lost > 0, trace=True)
    receipt = _receipt(runs, block, details.tables(), 0, watch)
    return replace(receipt, undetailed=tuple(results.failures.values()))


def _require_welcome(context: SweepContext) -> None:
    """Leave a block to others if this worker runs other code than the client."""
    try:
        worker = get_worker()
    except ValueError:  # not on a worker
        return
    if not is_welcome(worker, context.versions):
        raise Reschedule


def _made(runs: Runs, watch: Stopwatch, *, lost: bool, trace: bool = False) -> Made:
    """Return what the runs of a block make, computed where a user's code can do no harm."""
    context, place = runs.context, runs.place
    if is_apart(context, lost=lost):
        bars = _scenes.bars(context, place)
        watch.lap(OPEN)
        made = apart(bars, runs, trace=trace)
    else:
        scene = _scenes.get(context, place)
        watch.lap(OPEN)
        made = contained(scene, runs, trace=trace)
    watch.lap(SIMULATE)
    return made


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
            partition = context.partition(table, runs.place.symbol)
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
