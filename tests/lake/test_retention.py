"""Retention's choices: plans by hand, and a model that asks of every sweep by itself whether it goes."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lake.choices import Choice
from lake.policy import Age, Details, Keep, Policy
from lake.retention import (
    HeldSweep,
    Pinned,
    old_details,
    other_details,
    over_budget,
    ranked_sweeps,
    whole_sweeps,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOBODY = Pinned()


def sweep(number: int, hours: float, **given: object) -> HeldSweep:
    """A sweep that ended so many hours ago; the higher its number, the later it began."""
    began = NOW - timedelta(days=400 - number)
    ended = {"ended_at": NOW - timedelta(hours=hours), "ended": True}
    counts = {"runs": 10, "failures": 2, "detailed": 3, "run_bytes": 600.0, "detail_bytes": 400.0}
    return HeldSweep(
        f"w{number}", **{"strategy": "s", "owner": "me", "started_at": began, **ended, **counts, **given}
    )


def names(choices: list[Choice]) -> list[tuple[str, str, list[str]]]:
    return [(choice.line, choice.scope, sorted(choice.sweeps)) for choice in choices]


def test_the_newest_of_each_group_stay() -> None:
    held = [sweep(n, 1.0, strategy="ab"[n % 2], owner="xyz"[n % 3]) for n in range(6)]
    for per, gone in (("lake", [0, 1, 2, 3]), ("strategy", [0, 1]), ("owner", [])):
        chosen = whole_sweeps(Policy(keep=Keep(2, per)), held, NOBODY, NOW)
        expected = [("keep.last = 2", "sweep", [f"w{n}" for n in gone])] if gone else []
        assert names(chosen) == expected


def test_ages_count_from_the_end_and_each_sweep_goes_by_one_line() -> None:
    held = [sweep(0, 30.0), sweep(1, 20.0), sweep(2, 11.9), sweep(3, 12.0), sweep(4, 12.1)]
    policy = Policy(keep=Keep(4), age=Age(sweeps=timedelta(hours=12), metrics=timedelta(hours=1)))
    assert names(whole_sweeps(policy, held, NOBODY, NOW)) == [
        ("keep.last = 4", "sweep", ["w0"]),
        ("age.sweeps = 12h", "sweep", ["w1", "w4"]),
        ("age.metrics = 1h", "runs", ["w2", "w3"]),
    ]


def test_details_and_failures_go_by_their_own_ages() -> None:
    hours = timedelta(hours=1)
    age = Age(metrics=50 * hours, equity=10 * hours, details=20 * hours, failures=5 * hours)
    held = [
        sweep(0, 60.0),
        sweep(1, 30.0),
        sweep(2, 15.0),
        sweep(3, 7.0),
        sweep(4, 1.0),
        sweep(5, 30.0, detailed=0),
    ]
    gone = whole_sweeps(Policy(age=age), held, NOBODY, NOW)
    assert names(gone) == [("age.metrics = 50h", "runs", ["w0"])]
    assert names(old_details(Policy(age=age), held, NOBODY, NOW, gone)) == [
        ("age.details = 20h", "details", ["w1"]),
        ("age.equity = 10h", "details", ["w2"]),
        ("age.failures = 5h", "failures", ["w0", "w1", "w2", "w3", "w5"]),
    ]


def test_what_has_not_ended_or_is_pinned_is_left_alone_and_takes_no_place() -> None:
    held = [sweep(0, 99.0), sweep(1, 99.0), sweep(2, 99.0, ended=False), sweep(3, 99.0)]
    pinned = Pinned(frozenset({"w3"}), frozenset({"run"}))
    chosen = whole_sweeps(Policy(keep=Keep(1), age=Age(metrics=timedelta(hours=1))), held, pinned, NOW)
    assert names(chosen) == [("keep.last = 1", "sweep", ["w0"]), ("age.metrics = 1h", "runs", ["w1"])]
    assert all(choice.spared == {"run"} for choice in chosen)
    assert ranked_sweeps(held, pinned, chosen) == []
    assert ranked_sweeps(held, NOBODY, []) == ["w0", "w1", "w3"]


def test_details_that_are_not_the_best_go_run_by_run() -> None:
    judged = pa.table(
        {
            "sweep_id": ["a", "a", "a", "b"],
            "run_id": ["2", "1", "3", "4"],
            "stays": [False, False, True, False],
        }
    )
    [choice] = other_details(Policy(details=Details(7)), judged, Pinned(runs=frozenset({"4"})))
    assert (choice.line, choice.scope) == ("details.top = 7", "details")
    assert {sweep: ids.to_pylist() for sweep, ids in choice.runs.items()} == {"a": ["1", "2"]}
    assert other_details(Policy(), judged, NOBODY) == []


def test_a_budget_takes_the_oldest_details_first_then_the_oldest_sweeps() -> None:
    held = [sweep(n, 1.0) for n in range(3)]  # 600 bytes of runs and 400 of details each

    def plan(budget: int, gone: list[Choice]) -> list[tuple[str, str, list[str]]]:
        chosen = over_budget(Policy(budget_bytes=budget), held, NOBODY, gone, 3000.0)
        return [(scope, sweeps) for _, scope, sweeps in names(chosen)]  # type: ignore[misc]

    assert plan(3000, []) == []
    assert plan(2999, []) == [("details", ["w0"])]
    assert plan(2100, []) == [("details", ["w0", "w1", "w2"])]
    assert plan(1800, []) == [("details", ["w0", "w1", "w2"])]
    assert plan(1799, []) == [("details", ["w1", "w2"]), ("sweep", ["w0"])]
    assert plan(1, []) == [("sweep", ["w0", "w1", "w2"])]
    assert plan(2000, [Choice("l", "sweep", frozenset({"w0"}))]) == []
    assert plan(1900, [Choice("l", "details", frozenset({"w0", "w1"}))]) == [("details", ["w2"])]
    two_of_three = Choice("l", "details", runs={"w0": pa.array(["1", "2"])})
    assert plan(2733, [two_of_three]) == [("details", ["w0"])]
    assert plan(2734, [two_of_three]) == []


HELD = st.lists(
    st.builds(
        lambda number, hours, ended, strategy, owner, counts: sweep(
            number,
            hours,
            ended=ended,
            strategy=strategy,
            owner=owner,
            runs=counts[0],
            failures=counts[1],
            detailed=counts[2],
        ),
        st.integers(0, 300),
        st.integers(0, 100),
        st.booleans(),
        st.sampled_from("ab"),
        st.sampled_from(["x", "y", None]),
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=12,
    unique_by=lambda made: made.sweep_id,
)
LIMIT = st.none() | st.integers(1, 100).map(lambda hours: timedelta(hours=hours))
POLICY = st.builds(
    Policy,
    keep=st.none() | st.builds(Keep, st.integers(1, 4), st.sampled_from(["strategy", "owner", "lake"])),
    age=st.builds(Age, LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, LIMIT),
)


@given(HELD, POLICY, st.sets(st.integers(0, 300).map(lambda number: f"w{number}"), max_size=3))
def test_a_plan_is_what_every_sweep_by_itself_says(
    held: list[HeldSweep], policy: Policy, pins: set[str]
) -> None:
    pinned = Pinned(frozenset(pins))
    gone = whole_sweeps(policy, held, pinned, NOW)
    further = old_details(policy, held, pinned, NOW, gone)
    found: dict[str, set[str]] = {}
    for choice in (*gone, *further):
        for name in choice.sweeps:
            assert choice.scope not in found.get(name, set())
            found.setdefault(name, set()).add(choice.scope)
    assert found == {made.sweep_id: scopes for made in held if (scopes := expected(made, held, policy, pins))}


def expected(made: HeldSweep, held: list[HeldSweep], policy: Policy, pins: set[str]) -> set[str]:
    """What goes of one sweep, said as plainly as it can be."""

    def plays(other: HeldSweep) -> bool:
        return other.ended and other.sweep_id not in pins and other.runs + other.failures + other.detailed > 0

    def older(limit: timedelta | None) -> bool:
        return limit is not None and made.ended_at < NOW - limit

    if not plays(made):
        return set()
    keep, age = policy.keep, policy.age
    if keep is not None:
        newer = [
            other
            for other in held
            if plays(other)
            and other.started_at > made.started_at
            and (keep.per == "lake" or getattr(other, keep.per) == getattr(made, keep.per))
        ]
        if len(newer) >= keep.last:
            return {"sweep"}
    if older(age.sweeps):
        return {"sweep"}
    scopes = {"failures"} if older(age.failures) and made.failures else set()
    if older(age.metrics):
        return {"runs"} | scopes
    if made.detailed and (older(age.details) or older(age.equity) or older(age.trades)):
        scopes |= {"details"}
    return scopes
