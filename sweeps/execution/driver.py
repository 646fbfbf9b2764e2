"""Driver: one sweep from its first block to its last state in the lake."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from distributed import Client

from lake import sweep_log
from lake.commits import CommitLostError, CommitUnknownError, SweepTakenOverError
from lake.lake import Lake
from sweeps.errors import SweepError
from sweeps.execution.blocks import Block, BlockCutter, most_detailed
from sweeps.execution.events import Cautioned, DetailsStarted, Ended, Observer, Progressed, Started, silent
from sweeps.execution.interruption import uninterrupted
from sweeps.execution.ledger import Ledger
from sweeps.execution.lost import lost_receipt
from sweeps.execution.prepare import Prepared
from sweeps.execution.profiling import Profiler
from sweeps.execution.stages import Profile
from sweeps.execution.start import Start, check_journal, check_kept, new_start
from sweeps.execution.window import BlockLostError, Task, through_window
from sweeps.execution.winners import winning_blocks
from sweeps.execution.worker import BlockReceipt, run_block, run_details


class SweepCutOffError(SweepError):
    """The lake did not take a commit of a sweep, or nobody knows whether it did; resume finds out."""

    def __init__(self, sweep_id: str, reason: str) -> None:
        super().__init__(sweep_id, reason)
        self.sweep_id, self.reason = sweep_id, reason

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} was cut off: {self.reason}; every run is in the lake once or not at all; "
            f"to go on: `sweeplake resume {self.sweep_id}`"
        )


@dataclass(frozen=True)
class Outcome:
    """How a sweep ended.

    Attributes:
        sweep_id: Its id.
        status: finished, finished_with_failures, interrupted, or cancelled.
        runs: Runs of the whole sweep.
        computed: Runs computed and committed, by all of its drivers.
        reused: Runs carried over from other sweeps.
        failed: Runs without a result.
        seconds: Wall time, that of earlier drivers included.
        profile: Where it went.
    """

    sweep_id: str
    status: str
    runs: int
    computed: int
    reused: int
    failed: int
    seconds: float
    profile: Profile = field(default_factory=Profile)


def drive(prepared: Prepared, lake: Lake, client: Client, observer: Observer = silent) -> Outcome:
    """Run a prepared sweep on a cluster.

    Every committed batch is whole for readers. An interruption (Ctrl-C) commits what was computed, records
    the state `interrupted` and returns; so does `cancel` in another process, with the state `cancelled`. A
    commit that was lost, or may have been, records `interrupted` too, if the lake takes that, and raises. Any
    other error records `failed` and is raised.

    Args:
        prepared: The sweep.
        lake: Where results go.
        client: A connected Dask client.
        observer: Told of every event.

    Returns:
        Counts and status.

    Raises:
        SweepCutOffError: If the lake did not take a commit, or it is not known whether it did.
    """
    return go_on(new_start(prepared), lake, client, observer)


def go_on(
    start: Start, lake: Lake, client: Client, observer: Observer = silent, *, take_over: bool = False
) -> Outcome:
    """Begin a sweep, or go on with one, as `drive` does; what its journal has is not computed again.

    Args:
        start: The sweep.
        lake: Where results go.
        client: A connected Dask client.
        observer: Told of every event.
        take_over: Go on also while another driver of the sweep is alive; that one stops.

    Raises:
        SweepOwnedError: If another driver of the sweep is alive and is not to be taken over.
        SweepTakenOverError: If another driver took the sweep over meanwhile.
        SweepCutOffError: As `drive`.
        SweepChangedError: If its journal does not fit its inputs.
        SweepRemovedError: If it was removed since `start` was made.
        RepairCutOffError: If a repair of it was cut off.
    """
    return _Drive(start, lake, client, observer).run(take_over=take_over)


class StopAskedError(SweepError):
    """Somebody asked for an end of the sweep; what is with the cluster is given up."""

    def __str__(self) -> str:
        return "the sweep was cancelled by another process; what was computed is committed"


class _Drive:
    """The state of one sweep's driver."""

    def __init__(self, start: Start, lake: Lake, client: Client, observer: Observer) -> None:
        self.start, self.lake, self.client, self.observer = start, lake, client, observer
        self.prepared, self.context = start.prepared, start.context
        self.begun = time.monotonic()
        self.ledger = Ledger(lake, self.context.sweep_id)
        self.profiler = Profiler(self.ledger)
        self.before = 0
        self.states = 0

    def run(self, *, take_over: bool) -> Outcome:
        self.lake.create()
        with self.ledger.owned(take_over=take_over):
            if self.ledger.epoch > 1:
                check_kept(self.lake, self.context.sweep_id)
            check_journal(self.start, self.ledger.finished)
            self.before = self.ledger.computed + self.ledger.failed
            try:
                return self._run()
            except (CommitLostError, CommitUnknownError) as error:
                self._try_to_record(sweep_log.INTERRUPTED, error)
                raise SweepCutOffError(self.context.sweep_id, str(error)) from error

    def _run(self) -> Outcome:
        try:
            self._record(sweep_log.RUNNING)
            self._announce()
            self._compute_runs()
            self._compute_details()
        except (KeyboardInterrupt, StopAskedError) as stop:
            with uninterrupted(forget=True):
                self.ledger.require_owned()
                self.ledger.flush()
                is_asked = isinstance(stop, StopAskedError)
                return self._end(sweep_log.CANCELLED if is_asked else sweep_log.INTERRUPTED)
        except (SweepTakenOverError, CommitLostError, CommitUnknownError):
            raise  # the state is the other driver's to tell, or that of an interruption
        except BaseException as error:
            self._try_to_record(sweep_log.FAILED, error)
            raise
        outcome = self._end(sweep_log.FINISHED_WITH_FAILURES if self.ledger.failed else sweep_log.FINISHED)
        self.ledger.close_losses()
        return outcome

    def _compute_runs(self) -> None:
        inputs = self.prepared.inputs
        most = most_detailed(max(symbol.bars for symbol in inputs.values()))
        cutter = BlockCutter(
            self.prepared.grid,
            tuple(inputs),
            most if self.context.keep_details else None,
            self.ledger.finished.ranges(),
        )
        for receipt in self.profiler.runs(self._receipts(cutter)):
            if isinstance(receipt, BlockLostError):
                committed = self.ledger.add(lost_receipt(self.context, receipt))
            else:
                cutter.learn(receipt.runs + receipt.failed, receipt.seconds)
                committed = self.ledger.add(receipt)
            if committed:
                self._tell_progress()
        self.ledger.flush()
        self._tell_progress()

    def _receipts(self, cutter: BlockCutter) -> Iterator[BlockReceipt | BlockLostError]:
        """Yield the receipts of all blocks; those that were lost are tried once more at the end, each alone.

        A worker may hold several blocks, and only one of them kills it: the others must not fail with it.
        """
        lost: list[Block] = []
        for receipt in self._window(run_block, iter(cutter), self._tell_progress):
            if isinstance(receipt, BlockLostError):
                lost.append(receipt.block)
            else:
                yield receipt
        for block in lost:
            yield from self._window(run_block, iter([block]), self._tell_progress)

    def _window(
        self, task: Task, blocks: Iterator[Block], tell: Callable[[], None] = lambda: None
    ) -> Iterator[BlockReceipt | BlockLostError]:
        def while_waiting() -> None:
            if self.ledger.is_asked_to_stop():
                raise StopAskedError
            if self.ledger.flush_due():
                tell()

        return through_window(self.client, task, self.context, blocks, while_waiting)

    def _compute_details(self) -> None:
        details = self.prepared.config.details
        if details.keep != "top":
            return
        with self.profiler.details():
            blocks = winning_blocks(self.prepared, self.context, self.lake)
            self.observer(DetailsStarted(sum(block.runs for block in blocks)))
            for receipt in self._window(run_details, iter(blocks)):
                if isinstance(receipt, BlockLostError):
                    raise receipt
                self.ledger.add(receipt)
            self.ledger.flush()

    def _tell_progress(self) -> None:
        ledger = self.ledger
        done = ledger.computed + ledger.failed
        self.observer(Progressed(done, ledger.failed, self.prepared.runs, self._seconds(), self.before))

    def _seconds(self) -> float:
        return time.monotonic() - self.begun

    def _total_seconds(self) -> float:
        return self.start.seconds + self._seconds()

    def _end(self, status: str) -> Outcome:
        self._record(status)
        computed, failed, seconds = self.ledger.computed, self.ledger.failed, self._total_seconds()
        self.observer(Ended(status, computed, failed, seconds))
        profile = self.profiler.profile(len(self.client.nthreads()))
        return Outcome(
            self.context.sweep_id, status, self.prepared.runs, computed, 0, failed, seconds, profile
        )

    def _try_to_record(self, status: str, error: BaseException) -> None:
        with suppress(Exception):
            self._record(status, error=f"{type(error).__name__}: {error}")

    def _record(self, status: str, error: str | None = None) -> None:
        self.states += 1
        sweep_log.record_state(
            self.lake,
            {
                **self.start.lineage,
                "status": status,
                "seconds": self._total_seconds(),
                "computed": self.ledger.computed,
                "reused": 0,
                "failed": self.ledger.failed,
                "error": error,
            },
            self.ledger.fence(self.states),
        )

    def _announce(self) -> None:
        for caution in self.prepared.cautions:
            self.observer(Cautioned(caution))
        self.observer(
            Started(
                self.context.sweep_id,
                self.prepared.config.name,
                self.prepared.runs,
                len(self.prepared.inputs),
                len(self.client.nthreads()),
                self.client.dashboard_link or None,
            )
        )
