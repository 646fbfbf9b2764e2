"""Outcome: how a sweep ended, or why nobody knows."""

from dataclasses import dataclass, field

from sweeps.errors import SweepError
from sweeps.execution.stages import Profile


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


class StopAskedError(SweepError):
    """Somebody asked for an end of the sweep; what is with the cluster is given up."""

    def __str__(self) -> str:
        return "the sweep was cancelled by another process; what was computed is committed"


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

    @property
    def done(self) -> int:
        """Runs of the sweep that are committed, however they came."""
        return self.computed + self.reused + self.failed
