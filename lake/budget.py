"""Budget: what of a lake its budget may not take, and what to tell if that alone is above it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from lake.policy import Policy
from lake.retention import HeldSweep, Pinned


@dataclass(frozen=True)
class Fixed:
    """Bytes that no budget may take, by what holds them; of a file of several sweeps by its rows.

    Attributes:
        bars: Of bars.
        pinned: Of pinned sweeps, and of pinned runs in others.
        unended: Of sweeps that have not ended.
        records: Of the tables that tell of sweeps and removals, and of rows whose sweep they do not tell.
    """

    bars: float
    pinned: float
    unended: float
    records: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.bars + self.pinned + self.unended + self.records


def fixed_bytes(held: Sequence[HeldSweep], pinned: Pinned, visible: Mapping[str, float]) -> Fixed:
    """Return the bytes of a lake that its budget may not take.

    Args:
        held: Every sweep.
        pinned: What no line removes.
        visible: Bytes of the visible files of each table.
    """
    protected = unended = free = 0.0
    for sweep in held:
        size = sweep.run_bytes + sweep.detail_bytes
        if not sweep.ended:
            unended += size + sweep.pinned_bytes
        elif sweep.sweep_id in pinned.sweeps:
            protected += size + sweep.pinned_bytes
        else:
            protected += sweep.pinned_bytes
            free += size
    bars = visible.get("bars", 0.0)
    records = max(0.0, sum(visible.values()) - bars - protected - unended - free)
    return Fixed(bars, protected, unended, records)


def unreachable(policy: Policy, fixed: Fixed) -> str | None:
    """Return what to tell if a budget cannot be met whatever it removes; None if it can, or there is none."""
    budget = policy.budget_bytes
    if budget is None or fixed.total <= budget:
        return None
    holders = {
        "bars": fixed.bars,
        "what is pinned": fixed.pinned,
        "sweeps that have not ended": fixed.unended,
        "records of sweeps and removals": fixed.records,
    }
    parts = ", ".join(f"{name} {_size(size)}" for name, size in holders.items() if size >= 1)
    remedies = [f"give {ceil(fixed.total)} or more"]
    remedies += ["unpin what may go (`sweeplake pins` lists the pins)"] if fixed.pinned >= 1 else []
    remedies += ["let the sweeps end"] if fixed.unended >= 1 else []
    return (
        f"{policy.source}: budget.bytes = {budget} cannot be met, so it removes nothing: what it may not "
        f"take is {_size(fixed.total - budget)} above it ({parts}); {', or '.join(remedies)}"
    )


def _size(size_bytes: float) -> str:
    """Return bytes as people read them, to four digits."""
    for unit, power in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size_bytes >= power:
            return f"{size_bytes / power:,.4g} {unit}"
    return f"{max(1.0, size_bytes):.0f} B"
