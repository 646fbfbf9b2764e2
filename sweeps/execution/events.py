"""What a sweep tells while it runs; whoever listens draws a bar, prints lines, or nothing."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cautioned:
    """Something is allowed, and may not be what was meant."""

    text: str


@dataclass(frozen=True)
class Started:
    """The sweep is in the lake, its first blocks are on their way."""

    sweep_id: str
    name: str
    runs: int
    symbols: int
    workers: int
    dashboard: str | None


@dataclass(frozen=True)
class CarriedOver:
    """Runs that the lake had already are in the sweep, and are not computed.

    Attributes:
        runs: How many.
        seconds: Since this driver's start.
    """

    runs: int
    seconds: float


@dataclass(frozen=True)
class Progressed:
    """More runs are committed.

    Attributes:
        done: Committed runs, failed ones included, those of earlier drivers and sweeps too.
        failed: Those without a result.
        runs: Runs of the whole sweep.
        seconds: Since this driver began to compute.
        before: Runs that were committed by then.
        best: Best value of the metric that the sweep ranks by among those that this driver committed; None:
            not known.
        metric: Its name.
    """

    done: int
    failed: int
    runs: int
    seconds: float
    before: int = 0
    best: float | None = None
    metric: str = ""

    @property
    def rate(self) -> float:
        """Runs a second so far."""
        return (self.done - self.before) / max(self.seconds, 1e-9)

    @property
    def eta_seconds(self) -> float | None:
        """Seconds left at this rate; None before the first runs."""
        return (self.runs - self.done) / self.rate if self.done > self.before else None


@dataclass(frozen=True)
class Reckoned:
    """What the sweep costs, reckoned from what it took so far on this cluster.

    Attributes:
        seconds: Of computing in all, by this driver.
        blocks: Tasks that are left.
        memory_bytes: Resident memory of the driver and all workers.
        lake_bytes: What all runs of this driver take in the lake, before compaction.
    """

    seconds: float
    blocks: int
    memory_bytes: int
    lake_bytes: int


@dataclass(frozen=True)
class DetailsStarted:
    """All metrics are in; the winners' trades and equity are computed."""

    winners: int


@dataclass(frozen=True)
class Ended:
    """The sweep's last state is recorded.

    Attributes:
        status: The state.
        computed: Runs with a result, by all of its drivers.
        reused: Runs carried over.
        failed: Runs without a result.
        seconds: Wall time, that of earlier drivers included.
        reason: Why it was interrupted; "" if nobody said.
    """

    status: str
    computed: int
    reused: int
    failed: int
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class RolledForward:
    """What a finished sweep's journal has, and its tables had lost, is committed again."""

    sweep_id: str


@dataclass(frozen=True)
class FoundWhole:
    """A sweep that was to go on has nothing left to do."""

    sweep_id: str


Event = (
    Cautioned
    | Started
    | CarriedOver
    | Progressed
    | Reckoned
    | DetailsStarted
    | Ended
    | RolledForward
    | FoundWhole
)
Observer = Callable[[Event], None]


def silent(_: Event) -> None:
    """Listen to nothing."""
