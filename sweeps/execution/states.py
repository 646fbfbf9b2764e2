"""States: what a driver records of its sweep in the lake, from its beginning to its end."""

import time
from contextlib import suppress

from lake import sweep_log
from lake.commits import EPOCH_BITS
from lake.errors import LakeError
from lake.lake import Lake
from queries.catalog import Catalog
from queries.errors import QueryError
from queries.luck.trials import sweep_trials
from sweeps.execution.ledger import Ledger
from sweeps.execution.start import Start
from sweeps.execution.telling import Teller

_END = (1 << EPOCH_BITS) - 1
"""The last number of an epoch."""


class States:
    """Records the states of one sweep, each in a commit of its own that the sweep's owner alone can make.

    All ends take the same step, the last of the epoch: a driver that does not know whether an end was taken,
    and records another, has ended once.

    Args:
        start: The sweep.
        lake: Its lake.
        ledger: What of it is committed.
        teller: Knows how many runs it has.
    """

    def __init__(self, start: Start, lake: Lake, ledger: Ledger, teller: Teller) -> None:
        self._start, self._lake, self._ledger, self._teller = start, lake, ledger, teller
        self._begun = time.monotonic()
        self._running = 0

    @property
    def seconds(self) -> float:
        """Wall time of this driver."""
        return time.monotonic() - self._begun

    @property
    def total_seconds(self) -> float:
        """Wall time, that of earlier drivers included."""
        return self._start.seconds + self.seconds

    def record(self, status: str, error: BaseException | None = None) -> None:
        """Record a state: counts, time, and, where the driver ends by itself, the trials that were made."""
        is_end = status != sweep_log.RUNNING
        self._running += not is_end
        sweep_log.record_state(
            self._lake,
            {
                **self._start.lineage,
                "status": status,
                "runs": self._teller.runs,
                "seconds": self.total_seconds,
                **self._ledger.finished.counts(),
                "trials": self._trials() if error is None and is_end else None,
                "error": None if error is None else f"{type(error).__name__}: {error}",
            },
            self._ledger.fence(_END if is_end else self._running),
        )

    def try_to_record(self, status: str, error: BaseException) -> None:
        """Record the state that an error left, if the lake takes it."""
        with suppress(Exception):
            self.record(status, error)

    def _trials(self) -> str | None:
        """Return the trials that were made, to be kept past the runs; None if they cannot be read.

        A sweep ends as it would without them.
        """
        with suppress(LakeError, QueryError), Catalog(self._lake.snapshot(["metrics"])) as catalog:
            return sweep_trials(catalog, str(self._start.lineage["sweep_id"])).to_text()
        return None
