"""A budget that cannot be met: what holds the bytes, by hand, and what is told of it."""

from datetime import UTC, datetime

import pytest

from lake.budget import Fixed, fixed_bytes, unreachable
from lake.policy import Policy
from lake.retention import HeldSweep, Pinned

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def sweep(name: str, *, ended: bool = True, pinned_bytes: float = 0.0) -> HeldSweep:
    """A sweep of 100 bytes, and those of its pinned runs."""
    return HeldSweep(
        name, "s", "me", NOW, NOW, ended, 1, run_bytes=60.0, detail_bytes=40.0, pinned_bytes=pinned_bytes
    )


def test_bytes_that_no_budget_may_take_are_told_by_what_holds_them() -> None:
    held = [sweep("a"), sweep("b", pinned_bytes=7.0), sweep("c", ended=False), sweep("d", pinned_bytes=1.0)]
    visible = {"bars": 1000.0, "metrics": 408.0, "sweeps": 20.0, "removals": 5.0}
    assert fixed_bytes(held, Pinned(frozenset("d")), visible) == Fixed(1000.0, 108.0, 100.0, 25.0)


@pytest.mark.parametrize(
    ("fixed", "told"),
    [
        (
            Fixed(474_000, 0.0, 0.0, 6_123.4),
            "80.12 KB above it (bars 474 KB, records of sweeps and removals 6.123 KB); give 480124 or more",
        ),
        (
            Fixed(0.0, 3e6, 2e9, 0.0),
            (
                "2.003 GB above it (what is pinned 3 MB, sweeps that have not ended 2 GB); give 2003000000 "
                "or more, or unpin what may go (`sweeplake pins` lists the pins), or let the sweeps end"
            ),
        ),
    ],
    ids=["bars", "pins"],
)
def test_the_warning_tells_by_how_much_what_holds_the_bytes_and_what_to_do(fixed: Fixed, told: str) -> None:
    begun = "p.toml: budget.bytes = 400000 cannot be met, so it removes nothing: what it may not take is "
    assert unreachable(Policy("p.toml", budget_bytes=400_000), fixed) == begun + told


def test_a_budget_that_can_be_met_is_not_warned_of() -> None:
    fixed = Fixed(10.0, 0.0, 0.0, 0.0)
    assert unreachable(Policy(), fixed) is unreachable(Policy(budget_bytes=10), fixed) is None
