"""Telling: what a driver says of its sweep while it computes."""

import time

from sweeps.execution.blocks import TARGET_SECONDS
from sweeps.execution.crew import Threads
from sweeps.execution.events import Cautioned, Observer, Progressed, Reckoned, Started
from sweeps.execution.ledger import Ledger
from sweeps.execution.prepare import Prepared
from sweeps.execution.profiling import Profiler

RECKONED_AFTER = 3.0
"""Seconds of computing that tell what the rest will take."""


class Teller:
    """Tells an observer how far a sweep is, and, once that is known, what all of it costs.

    Args:
        observer: Who listens.
        ledger: What is committed.
        profiler: What workers take.
        threads: How many there are.
        runs: Runs of the whole sweep.
    """

    def __init__(
        self, observer: Observer, ledger: Ledger, profiler: Profiler, threads: Threads, runs: int
    ) -> None:
        self._observer, self._ledger, self._profiler, self._threads = observer, ledger, profiler, threads
        self.runs, self.before = runs, 0
        """Runs of the whole sweep, and those that were committed before this driver computed any."""
        self._since = time.monotonic()
        self._bytes = 0
        self._is_reckoned = False

    def announce(self, sweep_id: str, prepared: Prepared, workers: int, dashboard: str | None) -> None:
        """Tell what begins."""
        for caution in prepared.cautions:
            self._observer(Cautioned(caution))
        name, symbols = prepared.config.name, len(prepared.symbols)
        self._observer(Started(sweep_id, name, self.runs, symbols, workers, dashboard))

    def computing_begins(self) -> None:
        """Take what is committed now for what others did."""
        self.before, self._since = self._ledger.finished.done, time.monotonic()
        self._bytes = self._ledger.bytes

    def progress(self) -> None:
        """Tell how far it is."""
        ledger, seconds = self._ledger, time.monotonic() - self._since
        done, best = ledger.finished.done, ledger.best
        event = Progressed(done, ledger.failed, self.runs, seconds, self.before, best.value, best.metric)
        self._observer(event)
        left = event.eta_seconds
        if left and seconds >= RECKONED_AFTER and not self._is_reckoned:
            self._is_reckoned = True
            threads, size = self._threads(), (ledger.bytes - self._bytes) / (done - self.before)
            profile = self._profiler.profile(threads)
            memory = profile.driver_bytes + threads * profile.worker_bytes
            blocks = max(1, round(left * threads / TARGET_SECONDS))
            whole = int(size * (self.runs - self.before))
            self._observer(Reckoned(seconds + left, blocks, memory, whole))
