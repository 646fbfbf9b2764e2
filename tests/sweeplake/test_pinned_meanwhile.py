"""A pin that comes while a removal works: it holds as long as no rows have gone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lake import remove as removing
from lake.choices import Choice
from lake.copying import counter
from lake.given_up import PinnedMeanwhileError
from lake.lake import Lake, open_lake
from lake.pins import pin
from lake.policy import Age, Policy
from lake.removal import plan_removal
from lake.removal_log import records
from lake.remove import finish_removals, remove
from lake.sweep_log import newest_states
from sweeplake.maintain import dry_run, retain
from tests.lake.seam import Death, KilledError, watched
from tests.lake.small import START, held, put_runs, put_sweep
from tests.sweeplake.asking import Ask, refused

A, B = "20260102-a", "20260103-b"
OLD = Policy(age=Age(sweeps=datetime.now(UTC) - START))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Sweep A is older than the policy allows; B is not."""
    made = open_lake(str(tmp_path / "lake"))
    put_sweep(made, A, days=-1)
    put_sweep(made, B, days=1)
    put_runs(made, [(A, "r1"), (B, "r2")])
    return made


def pin_after(monkeypatch: pytest.MonkeyPatch, step: str, lake: Lake, kind: str, name: str) -> None:
    """Let another process pin something right after a step of a removal."""
    real = getattr(removing, step)

    def done(*arguments: Any) -> Any:
        answer = real(*arguments)
        pin(open_lake(lake.url), kind, name)
        return answer

    monkeypatch.setattr(removing, step, done)


def as_before(lake: Lake, before: object) -> None:
    lake = open_lake(lake.url)
    assert held(lake) == before
    assert {states[-1]["status"] for states in newest_states(lake, [A])} == {"finished"}
    assert lake.snapshot().read("removals").num_rows == 0
    assert [record.undone for record in records(lake)] == [True]
    assert dry_run(lake, OLD)["pending"] == []


@pytest.mark.parametrize(("kind", "name"), [("sweep", A), ("run", "r1")])
@pytest.mark.parametrize(
    "step", ["verify", "retire", "begin", "_record_states", "_record_rows", "note_attempt"]
)
def test_a_pin_before_rows_go_holds_and_the_next_retain_goes_by_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, step: str, kind: str, name: str
) -> None:
    before = held(lake)
    with monkeypatch.context() as patch:
        pin_after(patch, step, lake, kind, name)
        with pytest.raises(PinnedMeanwhileError, match="run it again"):
            retain(lake, OLD)
    as_before(lake, before)
    retain(open_lake(lake.url), OLD)
    assert held(lake)["metrics"] == before["metrics"]


def test_a_pin_that_comes_while_a_removal_is_finished_holds(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(lake)
    choice = Choice("l", "sweep", frozenset({A}))
    plan = plan_removal(datetime.now(UTC), [choice], {A: 1}, lake.snapshot(), counter(lake.storage))
    with pytest.raises(KilledError), watched(Death(3)):
        remove(lake, plan)
    pin_after(monkeypatch, "retire", lake, "sweep", A)
    (ended,) = finish_removals(open_lake(lake.url))
    assert ended.undone
    as_before(lake, before)


def test_the_command_says_that_it_was_given_up(lake: Lake, monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    pin_after(monkeypatch, "retire", lake, "sweep", A)
    refused(ask("delete", A, "--yes", "--json", "--lake", lake.url), "was given up", "pinned meanwhile")
