"""Policies: what a lake keeps, line by line. What no line names is never removed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

Group = Literal["sweep", "strategy", "symbol"]
DEFAULT_VACUUM_AGE = timedelta(hours=24)


@dataclass(frozen=True)
class Keep:
    """Keep the newest sweeps.

    Attributes:
        last: How many of each group; those that are pinned or have not ended come on top.
        per: What makes a group: strategy, owner, or the whole lake.
    """

    last: int
    per: Literal["strategy", "owner", "lake"] = "lake"


@dataclass(frozen=True)
class Age:
    """Limits of age, counted from a sweep's end; None is no limit.

    Attributes:
        sweeps: After that the whole sweep goes.
        metrics: After that all its runs go; its failures stay.
        trades: After that its details go.
        equity: After that its details go.
        details: After that its details go: trades, equity and what names them.
        failures: After that its failures go.
    """

    sweeps: timedelta | None = None
    metrics: timedelta | None = None
    trades: timedelta | None = None
    equity: timedelta | None = None
    details: timedelta | None = None
    failures: timedelta | None = None


@dataclass(frozen=True)
class Details:
    """Whose trades and equity stay.

    Attributes:
        top: Runs of each group, the best by the metric or score. The same run of several sweeps is one.
        per: What makes a group; of several names, each combination.
        metric: The metric, in its natural direction.
        score: Weights of metrics, whose sum ranks instead; empty if the metric does.
        min_trades: A run with fewer trades is never among the best.
        random: Further runs of each group, chosen by the hash of their ids.
    """

    top: int
    per: tuple[Group, ...] = ("sweep",)
    metric: str = "sharpe"
    score: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    min_trades: int = 0
    random: int = 0


@dataclass(frozen=True)
class Pins:
    """Sweeps and runs that no line removes, beside those of `sweeplake pin`."""

    sweeps: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """A policy.

    Attributes:
        source: The file, as the user named it.
        keep: The newest sweeps; None keeps all.
        age: Limits of age.
        details: The best runs' details; None keeps all.
        budget_bytes: Bytes of all visible files; None is no limit.
        pins: What no line removes.
        compact: Whether `maintain` compacts.
        compact_months: Whether it merges the days of closed months.
        vacuum_age: How long `maintain` keeps files that nothing needs any more; None: it does not vacuum.
    """

    source: str = "policy"
    keep: Keep | None = None
    age: Age = Age()
    details: Details | None = None
    budget_bytes: int | None = None
    pins: Pins = Pins()
    compact: bool = True
    compact_months: bool = False
    vacuum_age: timedelta | None = DEFAULT_VACUUM_AGE
