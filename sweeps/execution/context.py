"""What every worker needs to know of a sweep; small, picklable, sent with each task."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from lake.schemas import TABLES
from lake.snapshot import Snapshot
from sweeps.bars.store import only
from sweeps.spec.config import SweepConfig
from sweeps.spec.grid import Grid
from sweeps.spec.limits_config import MEGA
from sweeps.spec.splits import FULL
from sweeps.strategies.contract import StrategyKind
from sweeps.strategies.source import StrategySource


@dataclass(frozen=True)
class ParameterColumn:
    """How one setting is stored with the runs.

    Attributes:
        name: The setting.
        column: Its column in `metrics`.
        kind: int, float, bool or text.
        section: strategy, execution or exits.
    """

    name: str
    column: str
    kind: str
    section: str


class Place(NamedTuple):
    """Where runs are computed.

    Attributes:
        symbol: The symbol.
        span: Number of the walk-forward's span; None is the sweep's whole window.
    """

    symbol: str
    span: int | None = None


@dataclass(frozen=True)
class PlaceInputs:
    """What a run at one place reads.

    Attributes:
        place: The place.
        fingerprint: Hash of all readable bars, warm-up included.
        context: 64-bit hash of everything that all runs there share.
        periods_per_year: A in the formulas.
        first: Index of the first bar of the window, or of the span, among the readable ones.
        bars: Number of bars from there on; those after them are never read.
        period: Times of the first and last of these.
        role: full, in_sample or out_of_sample.
        whole: Hash of all bars of the symbol that the sweep reads, on whatever span.
    """

    place: Place
    fingerprint: str
    context: int
    periods_per_year: float
    first: int
    bars: int
    period: tuple[datetime, datetime]
    role: str = FULL
    whole: str = ""


@dataclass(frozen=True)
class Limits:
    """What one run of a user's own strategy may take.

    Attributes:
        run_seconds: The longest that its code may be at work without coming back.
        memory_bytes: What its process may take beyond what it had.
    """

    run_seconds: float
    memory_bytes: int


def limits_of(config: SweepConfig) -> Limits:
    """Return the limits that a configuration sets."""
    return Limits(config.limits.run_seconds, config.limits.memory_mb * MEGA)


@dataclass(frozen=True)
class SweepContext:
    """One sweep, as its workers see it.

    Attributes:
        sweep_id: The sweep.
        started_at: Its start; the day of its partitions.
        strategy: How to load the strategy.
        kind: What it returns.
        grid: The grid; a sample's cells travel with the blocks.
        timeframe: Timeframe of the bars.
        end: Bars from this time on are never read.
        bars: The versions of the bars that the sweep reads.
        inputs: By place, what its runs read.
        columns: The settings that are stored with every run.
        keep_details: Whether trades and equity are stored with every block.
        keep_block_statistics: Whether block statistics are stored with every run.
        limits: What one run of a user's own strategy may take.
        versions: Of the libraries, and of this code itself, that its runs are computed with.
    """

    sweep_id: str
    started_at: datetime
    strategy: StrategySource
    kind: StrategyKind
    grid: Grid
    timeframe: str
    end: datetime | None
    bars: Snapshot
    inputs: Mapping[Place, PlaceInputs]
    columns: tuple[ParameterColumn, ...]
    keep_details: bool
    keep_block_statistics: bool
    limits: Limits
    versions: Mapping[str, str]

    def at(self, place: Place) -> "SweepContext":
        """Return what the runs at one place need of it: little to send with every task."""
        return replace(
            self, inputs={place: self.inputs[place]}, bars=only(self.bars, [place.symbol], self.timeframe)
        )

    def partition(self, table: str, symbol: str) -> dict[str, str]:
        """Return the partition values of a symbol's rows in a table."""
        values = {
            "strategy": self.strategy.name,
            "symbol": symbol,
            "date": self.started_at.date().isoformat(),
        }
        return {name: values[name] for name in TABLES[table].partition_by}
