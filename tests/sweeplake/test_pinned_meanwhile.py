"""A pin that comes while a removal works: it holds as long as no rows have gone."""

import itertools
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lake import remove as removing
from lake.choices import Choice
from lake.copying import counter
from lake.given_up import PinnedMeanwhileError
from lake.lake import Lake, open_lake
from lake.pins import pin, pins
from lake.policy import Age, Policy
from lake.removal import plan_removal
from lake.removal_log import records
from lake.remove import finish_removals, remove
from lake.sweep_log import newest_states
from queries.errors import RemovedError, UnknownNameError
from sweeplake.maintain import dry_run, retain
from sweeplake.pinned import protect
from tests.lake.seam import At, Death, KilledError, strided, watched
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


@pytest.mark.timeout(1200)  # hundreds of removals
@strided(3)
@pytest.mark.parametrize("tables", [("metrics",), ("trades", "equity", "metrics", "details")])
def test_a_pin_at_any_moment_holds_or_is_refused(
    tmp_path: Path, tables: tuple[str, ...], stride: int
) -> None:
    template = open_lake(str(tmp_path / "lake"))
    put_sweep(template, A, days=-1)
    put_sweep(template, B, days=1)
    put_runs(template, [(A, "r1"), (B, "r2")], tables=tables)
    ends = set()
    for place in itertools.count(1, stride):
        lake, pinned = open_lake(str(shutil.copytree(template.url, tmp_path / str(place)))), []
        watch = At(place, lambda lake=lake, pinned=pinned: pinned.append(_try_to_pin(lake.url)))
        with suppress(PinnedMeanwhileError), watched(watch):
            retain(lake, OLD)
        if not watch.reached:
            break
        runs = {row["run_id"] for row in held(open_lake(lake.url))["metrics"]}
        assert pinned == ["r1" in runs], place
        assert bool(pins(lake)) == pinned[0]
        ends |= set(pinned)
    assert ends == {True, False}


def _try_to_pin(url: str) -> bool:
    try:
        protect(open_lake(url), "r1")
    except (RemovedError, UnknownNameError):
        return False
    return True


def test_the_command_says_that_it_was_given_up(lake: Lake, monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    pin_after(monkeypatch, "retire", lake, "sweep", A)
    refused(ask("delete", A, "--yes", "--json", "--lake", lake.url), "was given up", "pinned meanwhile")
