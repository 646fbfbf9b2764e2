"""Walk-forwards again: what the lake has of them, tests included, is carried over; the rest is computed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from sweeps.execution import foreseen
from tests.e2e.processes import sweeplake
from tests.e2e.reusing import assert_equal, counts
from tests.e2e.stored import stored
from tests.e2e.walking import FOLDED, ROLLING, WALK, market_of

Write = Callable[..., Path]
JOINT = ROLLING + "\n    per = []"
DEARER = "fee_bps = 9"


@pytest.fixture
def fresh_market(tmp_path: Path) -> Lake:
    """The market of two symbols in a lake without runs."""
    return market_of(tmp_path)


def ids_of_tests(sweep: Sweep) -> set[str]:
    """Return the run ids of what was tested."""
    runs = stored(sweep.lake, "metrics", sweep.sweep_id)
    return set(runs.loc[runs["role"] == "out_of_sample", "run_id"])


@pytest.mark.parametrize("keys", [ROLLING, FOLDED, JOINT], ids=["rolling", "combinatorial", "joint"])
def test_the_same_again_computes_nothing_and_its_plan_says_so(
    fresh_market: Lake, client: Client, write: Write, keys: str
) -> None:
    config = write(walk__toml=WALK.format(keys=keys))
    before = sl.plan(config, lake=fresh_market)
    first = sl.run(config, lake=fresh_market, client=client)
    runs = first.outcome.runs
    assert (before.reused, before.to_compute) == (0, before.runs)
    assert before.runs >= runs  # two splits may choose the same
    assert before.undecided == before.runs - (runs - len(ids_of_tests(first)))
    plan = sl.plan(config, lake=fresh_market)
    assert (plan.runs, plan.reused, plan.to_compute, plan.undecided) == (runs, runs, 0, 0)
    again = sl.run(config, lake=fresh_market, client=client)
    assert counts(again) == (0, runs)
    assert_equal(again, first)
    assert again.walk_forward().equals(first.walk_forward())
    assert again.stitched().drop(columns="sweep_id").equals(first.stitched().drop(columns="sweep_id"))


def test_a_wider_grid_computes_what_is_new_and_the_tests_of_choices_that_changed(
    fresh_market: Lake, client: Client, write: Write
) -> None:
    narrow = WALK.format(keys=ROLLING).replace("stop = 14, step = 3", "stop = 5, step = 3")
    first = sl.run(write(walk__toml=narrow), lake=fresh_market, client=client)
    config = write(walk__toml=WALK.format(keys=ROLLING))
    plan = sl.plan(config, lake=fresh_market)
    wide = sl.run(config, lake=fresh_market, client=client)
    new, kept = ids_of_tests(wide) - ids_of_tests(first), ids_of_tests(wide) & ids_of_tests(first)
    assert new
    assert kept
    searched = first.outcome.runs - len(ids_of_tests(first))
    assert wide.outcome.reused == searched + len(kept)
    assert wide.outcome.computed == wide.outcome.runs - searched - len(kept)
    assert plan.reused == searched
    assert plan.to_compute >= wide.outcome.computed
    assert plan.to_compute - plan.undecided == wide.outcome.computed - len(new)
    assert_equal(wide, sl.run(config, lake=fresh_market, client=client, fresh=True))
    plan = sl.plan(write(walk__toml=narrow), lake=fresh_market)
    assert (plan.reused, plan.to_compute) == (first.outcome.runs, 0), (
        "what others chose better is not its own"
    )


def test_a_sweep_that_differs_in_an_unstored_setting_shares_nothing(
    fresh_market: Lake, client: Client, write: Write
) -> None:
    first = sl.run(write(walk__toml=WALK.format(keys=ROLLING)), lake=fresh_market, client=client)
    dearer = write(walk__toml=WALK.format(keys=ROLLING).replace("fee_bps = 2", DEARER))
    other = sl.run(dearer, lake=fresh_market, client=client)
    assert counts(other) == (other.outcome.runs, 0)
    for sweep, config in ((other, dearer), (first, write(walk__toml=WALK.format(keys=ROLLING)))):
        plan = sl.plan(config, lake=fresh_market)
        assert (plan.reused, plan.to_compute) == (sweep.outcome.runs, 0)


def test_of_a_grid_too_large_to_hold_nothing_is_foretold(
    market: Lake, rolled: Sweep, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreseen, "PASS_RUNS", 3)
    config = write(walk__toml=WALK.format(keys=ROLLING))
    plan = sl.plan(config, lake=market)
    assert plan.reused == rolled.outcome.runs - len(ids_of_tests(rolled))
    assert plan.to_compute == plan.undecided > 0


def test_tests_that_are_carried_cost_nothing_of_a_budget_and_survive_a_cut(
    market: Lake, rolled: Sweep, client: Client, write: Write
) -> None:
    config = write(walk__toml=WALK.format(keys=ROLLING))
    again = sl.run(config, lake=market, client=client, max_runs=1)
    assert (again.outcome.status, again.outcome.reused) == ("finished", rolled.outcome.runs)
    assert len(stored(market, "details", again.sweep_id)) == len(ids_of_tests(rolled))


def test_the_plan_on_the_command_line_says_what_is_yet_to_be_chosen(
    market: Lake, rolled: Sweep, write: Write
) -> None:
    wider = WALK.format(keys=ROLLING).replace("stop = 14", "stop = 17")
    told = sweeplake("plan", write(walk__toml=wider), "--lake", market.url, cwd=Path(market.url).parent)
    assert "at most: " in told.stdout
    assert "test what is yet to be chosen" in told.stdout
    same = write(walk__toml=WALK.format(keys=ROLLING))
    told = sweeplake("plan", same, "--lake", market.url, cwd=Path(market.url).parent)
    assert "at most" not in told.stdout
