"""Budgets: a sweep stops once so many runs are computed, after so long, or when too many runs fail."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from queries.sweep import sweep_row
from sweeplake.lake import Lake
from sweeps.execution.budget import BadBudgetError, Budget, BudgetSpentError, TooManyFailuresError
from sweeps.execution.driver import go_on
from sweeps.execution.events import Cautioned, Event
from sweeps.execution.resume import restore
from tests.e2e.market import made_lake
from tests.e2e.processes import sweeplake
from tests.e2e.stored import metrics_of, stored
from tests.e2e.sweeping import SLOW, SWEEP
from tests.sweeplake.asking import tree

CROSS = """
    name = "budget"
    strategy = "sma_cross"
    symbols = ["AAA", "BBB"]
    timeframe = "1d"
    where = "fast < slow"
    [grid]
    fast = { start = 2, stop = 20, step = 1 }
    slow = { start = 10, stop = 40, step = 5 }
    """


@pytest.fixture
def pair(tmp_path: Path) -> Lake:
    return made_lake(tmp_path, {"AAA": 300, "BBB": 250})


def test_so_many_runs_are_computed_and_resume_computes_the_rest(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=CROSS)
    undisturbed = sl.run(config, lake=pair, client=client)
    first = sl.run(config, lake=pair, client=client, fresh=True, max_runs=150)
    assert (first.outcome.status, first.outcome.computed) == ("interrupted", 150)
    assert len(metrics_of(first)) == 150
    then = sl.resume(first.sweep_id, lake=pair, client=client, max_runs=1)
    assert (then.outcome.status, then.outcome.computed) == ("interrupted", 151)
    last = sl.resume(first.sweep_id, lake=pair, client=client, max_runs=undisturbed.outcome.runs - 151)
    assert last.outcome.status == "finished"
    pd.testing.assert_frame_equal(metrics_of(last), metrics_of(undisturbed))


@pytest.mark.parametrize(
    "budget",
    [
        {"max_runs": 0},
        {"max_runs": 2.5},
        {"max_seconds": -1.0},
        {"max_seconds": "3"},
        {"max_failures": -1},
        {"max_failures": True},
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused_before_anything(
    pair: Lake, client: Client, write: Callable[..., Path], budget: dict[str, Any]
) -> None:
    with pytest.raises(BadBudgetError, match=next(iter(budget))):
        sl.run(write(sweep__toml=CROSS), lake=pair, client=client, **budget)
    assert len(pair.refresh().sweeps()) == 0


def test_carried_runs_cost_nothing_of_it(pair: Lake, client: Client, write: Callable[..., Path]) -> None:
    config = write(sweep__toml=CROSS)
    runs = sl.run(config, lake=pair, client=client).outcome.runs
    again = sl.run(config, lake=pair, client=client, max_runs=1)
    assert (again.outcome.status, again.outcome.reused) == ("finished", runs)


def test_after_so_long_it_stops_and_says_how_to_go_on(small_lake: Lake, write: Callable[..., Path]) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    done = sweeplake(
        "run", config, "--fresh", "--max-seconds", "6", "--lake", small_lake.url, cwd=config.parent
    )
    assert done.returncode == 130, done.stderr
    assert "interrupted, the budget of 6 s is spent: " in done.stderr
    sweep_id = small_lake.refresh().sweep_id("latest")
    assert f"sweeplake resume {sweep_id}" in done.stderr
    assert 0 < len(stored(small_lake, "metrics", sweep_id)) < 4000


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0.4 s"), (6.0, "6 s"), (2_000_000, "2,000,000 s")])
def test_a_budget_of_seconds_is_told_as_it_was_given(seconds: float, told: str) -> None:
    with pytest.raises(BudgetSpentError, match=f"^the budget of {told} is spent"):
        Budget(seconds=seconds).check_time(1e9)


def test_a_hopeless_sweep_stops_early(small_lake: Lake, client: Client, write: Callable[..., Path]) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    with pytest.raises(TooManyFailuresError, match="were allowed") as raised:
        sl.run(config, lake=small_lake, client=client, fresh=True, max_failures=20)
    failed = raised.value.failed
    assert 20 < failed < 1000
    sweep_id = small_lake.refresh().sweep_id("latest")
    state = small_lake.sweep(sweep_id).status()
    assert (state["status"], state["failed"]) == ("failed", failed)
    assert state["done"] + state["failed"] == len(stored(small_lake, "metrics", sweep_id)) + failed
    lake, before = Path(small_lake.url), tree(Path(small_lake.url))
    with pytest.raises(TooManyFailuresError, match=f"{failed} runs failed, 20 were allowed"):
        sl.resume(sweep_id, lake=small_lake, client="tcp://127.0.0.1:1", max_failures=20)  # asks no cluster
    words = ("--max-failures", "0", "--workers", "1", "--lake", lake)
    told = sweeplake("resume", sweep_id, *words, cwd=config.parent)
    assert told.returncode == 2
    assert f"{failed} runs failed, 0 were allowed; what is computed is committed" in told.stderr
    assert f"`sweeplake resume {sweep_id} --lake {lake}` with a higher --max-failures" in told.stderr
    assert "workers" not in told.stderr, "it is told before anything begins"
    assert tree(lake) == before
    start, states = (
        restore(sweep_row(small_lake.catalog, sweep_id), small_lake.tables),
        count_states(small_lake),
    )
    with pytest.raises(TooManyFailuresError):
        go_on(
            start, small_lake.tables, client, budget=Budget(failures=20)
        )  # what no reader saw yet counts too
    assert count_states(small_lake) == states
    heard: list[Event] = []
    sl.resume(sweep_id, lake=small_lake, client=client, max_runs=1, observer=heard.append)
    cautions = [event.text for event in heard if isinstance(event, Cautioned)]
    assert f"{failed} of its runs have failed, and without --max-failures nothing limits them" in cautions


def count_states(lake: Lake) -> int:
    """Return how many state changes the lake has."""
    return lake.tables.snapshot(["sweeps"]).read("sweeps", columns=["sweep_id"]).num_rows
