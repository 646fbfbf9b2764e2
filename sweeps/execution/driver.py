"""Driver: one sweep from its first block to its last state in the lake."""

from collections.abc import Callable, Iterator

from distributed import Client

from lake import sweep_log
from lake.commits import CommitLostError, CommitUnknownError, SweepTakenOverError
from lake.lake import Lake
from sweeps.execution.blocks import Block, BlockCutter, most_detailed
from sweeps.execution.budget import UNLIMITED, Budget, BudgetSpentError, TooManyFailuresError
from sweeps.execution.choices import Chosen, choose
from sweeps.execution.crew import Threads
from sweeps.execution.events import CarriedOver, Cautioned, DetailsStarted, Ended, Observer, silent
from sweeps.execution.failures import Failure
from sweeps.execution.held import Search, sources_of
from sweeps.execution.interruption import uninterrupted
from sweeps.execution.ledger import Ledger
from sweeps.execution.lost import lost_receipt
from sweeps.execution.outcome import Outcome, StopAskedError, SweepCutOffError
from sweeps.execution.prepare import Prepared
from sweeps.execution.profiling import Profiler
from sweeps.execution.reuse import carried
from sweeps.execution.start import Start, check_journal, check_kept, new_start
from sweeps.execution.states import States
from sweeps.execution.telling import Teller
from sweeps.execution.window import (
    BlockLostError,
    SchedulerGoneError,
    Task,
    lost_ones_apart,
    through_window,
)
from sweeps.execution.winners import missing_winners, winning_blocks
from sweeps.execution.worker import BlockReceipt, run_block, run_details


def drive(
    prepared: Prepared,
    lake: Lake,
    client: Client,
    observer: Observer = silent,
    *,
    fresh: bool = False,
    budget: Budget = UNLIMITED,
) -> Outcome:
    """Run a prepared sweep on a cluster.

    Runs that the lake has already are carried over first. Every committed batch is whole for readers. An
    interruption (Ctrl-C, a budget that is spent) commits what was computed, records the state `interrupted`
    and returns; so does `cancel` in another process, with the state `cancelled`. A commit that was lost, or
    may have been, records `interrupted` too, if the lake takes that, and raises. Any other error records
    `failed` and is raised.

    Args:
        prepared: The sweep.
        lake: Where results go.
        client: A connected Dask client.
        observer: Told of every event.
        fresh: Compute every run, also those that the lake has.
        budget: What may be spent.

    Returns:
        Counts and status.

    Raises:
        SweepCutOffError: If the lake did not take a commit, or it is not known whether it did.
        TooManyFailuresError: If more runs failed than the budget allows; its state is `failed`.
        SchedulerGoneError: If the cluster's scheduler does not answer any more; its state is `interrupted`.
    """
    return _Drive(new_start(prepared, fresh=fresh), lake, client, observer, budget).run()


def go_on(
    start: Start,
    lake: Lake,
    client: Client,
    observer: Observer = silent,
    *,
    take_over: bool = False,
    budget: Budget = UNLIMITED,
) -> Outcome:
    """Begin a sweep, or go on with one, as `drive` does; what its journal has is not computed again.

    One that was cancelled since `start` was made stays so, and nothing is computed.

    Args:
        start: The sweep.
        lake: Where results go.
        client: A connected Dask client.
        observer: Told of every event.
        take_over: Go on also while another driver of the sweep is alive; that one stops.
        budget: What may be spent by this driver.

    Raises:
        SweepOwnedError: If another driver of the sweep is alive and is not to be taken over.
        SweepTakenOverError: If another driver took the sweep over meanwhile.
        SweepChangedError: If its journal does not fit its inputs.
        SweepRemovedError: If it was removed since `start` was made.
        RepairCutOffError: If a repair of it was cut off.
        TooManyFailuresError: If more of its runs failed than the budget allows.
    """
    return _Drive(start, lake, client, observer, budget).run(take_over=take_over)


class _Drive:
    """The state of one sweep's driver."""

    def __init__(self, start: Start, lake: Lake, client: Client, observer: Observer, budget: Budget) -> None:
        self.start, self.lake, self.client, self.observer, self.budget = start, lake, client, observer, budget
        self.prepared, self.context = start.prepared, start.context
        self.ledger = Ledger(lake, self.context.sweep_id, start.prepared.config.details.metric)
        self.profiler = Profiler(self.ledger)
        self.threads = Threads(client)
        runs = max(self.prepared.runs, start.lineage["runs"])
        self.teller = Teller(observer, self.ledger, self.profiler, self.threads, runs)
        self.states = States(start, lake, self.ledger, self.teller)

    def run(self, *, take_over: bool = False) -> Outcome:
        self.lake.create()
        with self.ledger.owned(take_over=take_over):
            if self.ledger.epoch > 1:
                newest = check_kept(self.lake, self.context.sweep_id)
                if self.start.is_cancelled_by(newest):
                    return self._ended(newest["status"], newest["seconds"], "before it could go on")
            check_journal(self.start, self.ledger.finished)
            self.budget.check_failures(self.context.sweep_id, self.ledger.failed)
            self.teller.computing_begins()
            try:
                return self._run()
            except (CommitLostError, CommitUnknownError) as error:
                self.states.try_to_record(sweep_log.INTERRUPTED, error)
                raise SweepCutOffError(self.context.sweep_id, str(error)) from error

    def _run(self) -> Outcome:
        try:
            self.states.record(sweep_log.RUNNING)
            dashboard = self.client.dashboard_link or None
            self.threads()
            self.teller.announce(self.context.sweep_id, self.prepared, self.threads.workers, dashboard)
            if not (self.start.fresh or self.teller.before >= self.prepared.runs):
                self._carry_over()
                self.teller.computing_begins()
            self._compute_runs()
            self._compute_chosen()
            self._compute_details()
        except (KeyboardInterrupt, StopAskedError, BudgetSpentError) as stop:
            with uninterrupted(forget=True):
                self.ledger.require_owned()
                self.ledger.flush()
                if isinstance(stop, StopAskedError):
                    return self._end(sweep_log.CANCELLED)
                return self._end(sweep_log.INTERRUPTED, str(stop))
        except (SchedulerGoneError, TooManyFailuresError) as error:
            is_gone = isinstance(error, SchedulerGoneError)
            with uninterrupted():
                self.ledger.flush()
                self.states.try_to_record(sweep_log.INTERRUPTED if is_gone else sweep_log.FAILED, error)
            raise
        except (SweepTakenOverError, CommitLostError, CommitUnknownError):
            raise  # the state is the other driver's to tell, or that of an interruption
        except BaseException as error:
            self.states.try_to_record(sweep_log.FAILED, error)
            raise
        outcome = self._end(sweep_log.FINISHED_WITH_FAILURES if self.ledger.failed else sweep_log.FINISHED)
        self.ledger.close_losses()
        return outcome

    def _carry_over(self, chosen: Chosen | None = None) -> None:
        """Take from the lake what it has: of the grid, or of the tests of what splits chose."""
        with self.profiler.reuse():
            finished, before = self.ledger.finished, self.ledger.reused
            snapshot = self.lake.snapshot(["metrics", "sweeps"])
            sources = sources_of(snapshot, self.prepared, self.context.sweep_id)
            search = Search(self.prepared, snapshot, sources, finished.holds, self._check, chosen)
            for part in carried(search, self.context):
                self._check()
                self.ledger.carry(part, self.context.partition("metrics", part.place.symbol))
        if runs := self.ledger.reused - before:
            self.teller.before += runs
            self.observer(CarriedOver(runs, self.states.seconds))

    def _check(self) -> None:
        """Return if the sweep may go on: nobody asked for its end, and there is time left."""
        if self.ledger.is_asked_to_stop():
            raise StopAskedError
        self.budget.check_time(self.states.seconds)

    def _compute_runs(self) -> None:
        grid, places, finished = self.prepared.grid, self.prepared.searched, self.ledger.finished
        bars = max(inputs.bars for inputs in self.prepared.inputs.values())
        most = most_detailed(bars) if self.context.keep_details else None
        left = self.prepared.runs - finished.done_at(places)
        limit = self.budget.runs
        done = finished.ranges(), finished.cells
        cutter = BlockCutter(grid, places, most, *done, limit, left, self.threads)
        self._compute(iter(cutter), cutter.learn)
        self.budget.check_runs(self.prepared.runs - finished.done_at(places))

    def _compute_chosen(self) -> None:
        """Test what each split of a walk-forward chooses, once all that it chooses from is committed."""
        if self.prepared.splits is None:
            return
        chosen = choose(self.prepared, self.context.sweep_id, self.lake)
        self.teller.runs = self.prepared.runs + chosen.runs
        self.states.record(sweep_log.RUNNING)
        if not self.start.fresh:
            self._carry_over(chosen)
        limit = self.budget.left(self.ledger.finished.done - self.teller.before)
        self._compute(chosen.blocks(self.prepared, self.ledger.finished.holds, limit))
        self.budget.check_runs(self.teller.runs - self.ledger.finished.done)

    def _compute(
        self, blocks: Iterator[Block], learn: Callable[[int, float], None] = lambda _runs, _seconds: None
    ) -> None:
        failed = self.ledger.failed
        for made in self.profiler.runs(self._receipts(run_block, blocks, self.teller.progress)):
            receipt = lost_receipt(self.context, made) if isinstance(made, BlockLostError) else made
            if receipt is made and not receipt.block.lost:
                learn(receipt.runs + receipt.failed, receipt.seconds)
            if self.ledger.add(receipt):
                self.teller.progress()
            failed += receipt.failed
            self.budget.check_failures(self.context.sweep_id, failed)
        self.ledger.flush()
        self.teller.progress()

    def _receipts(
        self, task: Task, blocks: Iterator[Block], tell: Callable[[], None] = lambda: None
    ) -> Iterator[BlockReceipt | BlockLostError]:
        def while_waiting() -> None:
            self._check()
            if self.ledger.flush_due():
                tell()

        return lost_ones_apart(
            blocks, lambda held: through_window(self.client, task, self.context, held, while_waiting)
        )

    def _compute_details(self) -> None:
        if self.prepared.config.details.keep != "top" and self.prepared.splits is None:
            return
        with self.profiler.details():
            missing = missing_winners(self.prepared, self.context, self.lake)
            if not missing.num_rows:
                return
            self.ledger.take_out_details(missing["run_id"])
            blocks = winning_blocks(self.prepared, missing, self.threads())
            self.observer(DetailsStarted(sum(block.runs for block in blocks)))
            undetailed: tuple[Failure, ...] = ()
            for receipt in self._receipts(run_details, iter(blocks)):
                if isinstance(receipt, BlockLostError):
                    raise receipt
                undetailed += receipt.undetailed
                if receipt.files or receipt.rows:
                    self.ledger.add(receipt)
            self.ledger.flush()
        if undetailed:
            told = "have a result, and raise when they are computed again for their trades and equity"
            self.observer(Cautioned(f"{len(undetailed):,} runs {told}: {undetailed[0].error}"))

    def _end(self, status: str, reason: str = "") -> Outcome:
        self.states.record(status)
        return self._ended(status, self.states.total_seconds, reason)

    def _ended(self, status: str, seconds: float, reason: str) -> Outcome:
        counts = self.ledger.finished.counts()
        self.observer(Ended(status, **counts, seconds=seconds, reason=reason))
        profile = self.profiler.profile(self.threads.workers)
        return Outcome(
            self.context.sweep_id, status, self.teller.runs, **counts, seconds=seconds, profile=profile
        )
