"""Profiling: adds up what receipts and the driver's own clock say about where the time goes."""

import resource
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sweeps.execution.ledger import Ledger
from sweeps.execution.stages import COMMIT, DETAILS, OPEN, QUEUE, REUSE, ROWS, SIMULATE, WAIT, Profile
from sweeps.execution.window import BlockLostError
from sweeps.execution.worker import BlockReceipt


class Profiler:
    """Listens to one sweep's driver."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._begun = time.monotonic()
        self._first: float | None = None
        self._last = 0.0
        self._worker: defaultdict[str, float] = defaultdict(float)
        self._driver: defaultdict[str, float] = defaultdict(float)
        self._worker_bytes = 0

    def runs(
        self, receipts: Iterable[BlockReceipt | BlockLostError]
    ) -> Iterator[BlockReceipt | BlockLostError]:
        """Pass receipts on; book the wait for each, commits aside, and what it says of its worker."""
        since, committed = time.monotonic(), self._ledger.seconds
        for receipt in receipts:
            now = time.monotonic()
            self._driver[WAIT] += now - since - (self._ledger.seconds - committed)
            if self._first is None:
                self._first = now
            self._last = now
            if isinstance(receipt, BlockReceipt):
                for stage, seconds in receipt.stages.items():
                    self._worker[stage] += seconds
                self._worker_bytes = max(self._worker_bytes, receipt.worker_bytes)
            yield receipt
            since, committed = time.monotonic(), self._ledger.seconds

    @contextmanager
    def reuse(self) -> Iterator[None]:
        """Book the time of finding and carrying over what other sweeps have, commits aside."""
        with self._booked(REUSE):
            yield

    @contextmanager
    def details(self) -> Iterator[None]:
        """Book the time of choosing and storing details, commits aside."""
        with self._booked(DETAILS):
            yield

    @contextmanager
    def _booked(self, stage: str) -> Iterator[None]:
        begun, committed = time.monotonic(), self._ledger.seconds
        yield
        self._driver[stage] += time.monotonic() - begun - (self._ledger.seconds - committed)

    def profile(self, workers: int) -> Profile:
        """Return what is known so far."""
        busy = sum(self._worker[stage] for stage in (OPEN, SIMULATE, ROWS, QUEUE))
        span = self._last - self._begun if self._first is not None else 0.0
        return Profile(
            first_block=None if self._first is None else self._first - self._begun,
            workers=workers,
            worker=dict(self._worker),
            idle=max(0.0, workers * span - busy),
            driver={**self._driver, COMMIT: self._ledger.seconds},
            worker_bytes=self._worker_bytes,
            driver_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        )
