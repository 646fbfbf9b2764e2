"""Driver: one sweep from its first block to its last state in the lake."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from getpass import getuser
from typing import Any

from distributed import Client

from lake import sweep_log
from lake.lake import Lake
from sweeps.bars.timeframes import normal
from sweeps.execution.blocks import Block, BlockCutter, most_detailed, without_sample
from sweeps.execution.cluster import code_versions
from sweeps.execution.context import SweepContext
from sweeps.execution.events import Cautioned, DetailsStarted, Ended, Observer, Progressed, Started, silent
from sweeps.execution.interruption import uninterrupted
from sweeps.execution.ledger import Ledger
from sweeps.execution.lost import lost_receipt
from sweeps.execution.prepare import Prepared
from sweeps.execution.profiling import Profiler
from sweeps.execution.stages import Profile
from sweeps.execution.window import BlockLostError, through_window
from sweeps.execution.winners import winning_blocks
from sweeps.execution.worker import BlockReceipt, run_block, run_details
from sweeps.simulation.kernel import SIMULATION_VERSION


@dataclass(frozen=True)
class Outcome:
    """How a sweep ended.

    Attributes:
        sweep_id: Its id.
        status: finished, finished_with_failures, or interrupted.
        runs: Runs of the whole sweep.
        computed: Runs computed and committed.
        reused: Runs carried over from other sweeps.
        failed: Runs without a result.
        seconds: Wall time.
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

    Every committed batch is whole for readers; an interruption (Ctrl-C) commits what was computed, records
    the state `interrupted` and returns. Any other error records `failed` and is raised.

    Args:
        prepared: The sweep.
        lake: Where results go.
        client: A connected Dask client.
        observer: Told of every event.

    Returns:
        Counts and status.
    """
    return _Drive(prepared, lake, client, observer).run()


class _Drive:
    """The state of one sweep's driver."""

    def __init__(self, prepared: Prepared, lake: Lake, client: Client, observer: Observer) -> None:
        self.prepared, self.lake, self.client, self.observer = prepared, lake, client, observer
        self.started_at = datetime.now(UTC)
        self.begun = time.monotonic()
        self.context = new_context(prepared, sweep_log.new_sweep_id(self.started_at), self.started_at)
        self.ledger = Ledger(lake, self.context.sweep_id)
        self.profiler = Profiler(self.ledger)
        self.lineage = _lineage(prepared, self.context)

    def run(self) -> Outcome:
        self.lake.create()
        self.ledger.claim()
        try:
            self._record(sweep_log.RUNNING)
            self._announce()
            self._compute_runs()
            self._compute_details()
        except KeyboardInterrupt:
            with uninterrupted(forget=True):
                self.ledger.flush()
                return self._end(sweep_log.INTERRUPTED)
        except BaseException as error:
            with suppress(Exception):
                self._record(sweep_log.FAILED, error=f"{type(error).__name__}: {error}")
            raise
        return self._end(sweep_log.FINISHED_WITH_FAILURES if self.ledger.failed else sweep_log.FINISHED)

    def _compute_runs(self) -> None:
        inputs = self.prepared.inputs
        most = most_detailed(max(symbol.bars for symbol in inputs.values()))
        cutter = BlockCutter(self.prepared.grid, tuple(inputs), most if self.context.keep_details else None)
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
        for receipt in through_window(self.client, run_block, self.context, iter(cutter)):
            if isinstance(receipt, BlockLostError):
                lost.append(receipt.block)
            else:
                yield receipt
        for block in lost:
            yield from through_window(self.client, run_block, self.context, iter([block]))

    def _compute_details(self) -> None:
        details = self.prepared.config.details
        if details.keep != "top":
            return
        with self.profiler.details():
            blocks = winning_blocks(self.prepared, self.context, self.lake)
            self.observer(DetailsStarted(sum(block.runs for block in blocks)))
            for receipt in through_window(self.client, run_details, self.context, iter(blocks)):
                if isinstance(receipt, BlockLostError):
                    raise receipt
                self.ledger.add(receipt)
            self.ledger.flush()

    def _tell_progress(self) -> None:
        ledger = self.ledger
        done = ledger.computed + ledger.failed
        self.observer(Progressed(done, ledger.failed, self.prepared.runs, self._seconds()))

    def _seconds(self) -> float:
        return time.monotonic() - self.begun

    def _end(self, status: str) -> Outcome:
        self._record(status)
        computed, failed, seconds = self.ledger.computed, self.ledger.failed, self._seconds()
        self.observer(Ended(status, computed, failed, seconds))
        profile = self.profiler.profile(len(self.client.nthreads()))
        return Outcome(
            self.context.sweep_id, status, self.prepared.runs, computed, 0, failed, seconds, profile
        )

    def _record(self, status: str, error: str | None = None) -> None:
        sweep_log.record_state(
            self.lake,
            {
                **self.lineage,
                "status": status,
                "seconds": self._seconds(),
                "computed": self.ledger.computed,
                "reused": 0,
                "failed": self.ledger.failed,
                "error": error,
            },
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


def new_context(prepared: Prepared, sweep_id: str, started_at: datetime) -> SweepContext:
    """Return what the workers of a prepared sweep are told."""
    return SweepContext(
        sweep_id=sweep_id,
        started_at=started_at,
        strategy=prepared.strategy.source,
        grid=without_sample(prepared.grid),
        timeframe=normal(prepared.config.timeframe),
        end=prepared.config.end,
        bars=prepared.bars,
        inputs=prepared.inputs,
        columns=prepared.columns,
        keep_details=prepared.config.details.keep == "all",
        keep_block_statistics=prepared.config.details.block_statistics,
    )


def _lineage(prepared: Prepared, context: SweepContext) -> dict[str, Any]:
    """Return what the lake keeps of a sweep, so that it can be run again, resumed and questioned."""
    bars = {
        symbol: {
            "fingerprint": inputs.fingerprint,
            "first": inputs.first,
            "bars": inputs.bars,
            "periods_per_year": inputs.periods_per_year,
            "version": prepared.bars["bars"].version,
            "files": [
                file.path
                for file in prepared.bars["bars"].matching({"symbol": symbol, "timeframe": context.timeframe})
            ],
        }
        for symbol, inputs in prepared.inputs.items()
    }
    return {
        "sweep_id": context.sweep_id,
        "name": prepared.config.name,
        "owner": _owner(),
        "strategy": prepared.strategy.name,
        "symbols": list(prepared.inputs),
        "timeframe": context.timeframe,
        "started_at": context.started_at,
        "runs": prepared.runs,
        "simulation_version": SIMULATION_VERSION,
        "strategy_code": prepared.strategy.code,
        "strategy_source": json.dumps(prepared.strategy.source.to_document()),
        "parameters": json.dumps([asdict(column) for column in prepared.columns]),
        "config": json.dumps(prepared.config.to_document()),
        "bars": json.dumps(bars),
        "versions": json.dumps(code_versions()),
    }


def _owner() -> str | None:
    """Return who runs this; None where the account has no name, as in some containers."""
    try:
        return getuser()
    except (ImportError, KeyError, OSError):
        return None
