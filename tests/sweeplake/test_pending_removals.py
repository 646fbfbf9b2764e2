"""Removals that were cut off: a dry run lists what is left of them, and a pin holds against them."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.findings import Finding
from lake.lake import Lake, open_lake
from lake.pins import pin
from lake.policy import Keep, Pins, Policy
from lake.removal import plan_removal
from lake.removal_log import records
from lake.remove import remove
from lake.sweep_log import newest_states
from lake.undo import undo
from sweeplake.checking import check
from sweeplake.maintain import dry_run, retain
from tests.lake.seam import Death, KilledError, deaths, watched
from tests.lake.small import held, put_runs, put_sweep
from tests.sweeplake.asking import Ask

A, B = "20260102-a", "20260103-b"
ALL = Policy(keep=Keep(100))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = open_lake(str(tmp_path / "lake"))
    put_sweep(made, A)
    put_sweep(made, B)
    put_runs(made, [(A, "r1"), (B, "r2")])
    return made


def cut_off(lake: Lake, calls: int) -> None:
    """Remove sweep A, and die at a call: 3 is right after the plan, 20 after its details went."""
    choice = Choice(f"delete {A}", "sweep", frozenset({A}))
    plan = plan_removal(datetime.now(UTC), [choice], {A: 1}, lake.snapshot(), counter(lake.storage))
    with pytest.raises(KilledError), watched(Death(calls)):
        remove(lake, plan)


@pytest.mark.parametrize("calls", [3, 20])
@pytest.mark.parametrize(("kind", "name", "listed"), [("sweep", A, ()), ("run", "r1", ()), ("", "", (A,))])
def test_a_pin_holds_against_a_removal_that_was_cut_off(
    lake: Lake, calls: int, kind: str, name: str, listed: tuple[str, ...]
) -> None:
    before = held(lake)
    cut_off(lake, calls)
    lake = open_lake(lake.url)
    if kind:
        pin(lake, kind, name)
    policy = replace(ALL, pins=Pins(listed))
    (told,) = dry_run(lake, policy)["pending"]
    (record,) = records(lake)
    assert (told["removal"], told["then"]) == (record.id, "undone")
    report = retain(lake, policy)
    assert (report["finished"], report["undone"], report["lines"]) == ([], [record.id], [])
    assert held(lake) == before
    assert dry_run(lake, policy)["pending"] == []


@pytest.mark.parametrize(("calls", "details"), [(3, 1), (20, 0)])
def test_a_dry_run_lists_what_is_left_of_a_removal_that_was_cut_off(
    lake: Lake, ask: Ask, tmp_path: Path, calls: int, details: int
) -> None:
    cut_off(lake, calls)
    (policy := tmp_path / "policy.toml").write_text("[keep]\nlast = 100\n")
    words = ("retain", "--lake", lake.url, "--policy", policy)
    (told,) = ask(*words, "--json").json["pending"]
    (line,) = told["lines"]
    assert (told["then"], line["sweeps"], line["runs"], line["details"]) == ("finished", [A], 1, details)
    text = ask(*words)
    assert f"removal {told['removal']} was cut off, and is finished first" in text.err
    assert A in text.out
    assert ask(*words, "--apply", "--json").json["finished"] == [told["removal"]]
    assert {row["sweep_id"] for rows in held(lake).values() for row in rows} == {B}


def test_an_undo_that_dies_at_any_call_is_brought_to_its_end_by_the_next_retain(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # processes die here, not machines
    before = held(lake)
    choice = Choice(f"delete {A}", "sweep", frozenset({A}))
    remove(lake, plan_removal(datetime.now(UTC), [choice], {A: 1}, lake.snapshot(), counter(lake.storage)))
    gone, (record,), finished = held(lake), records(lake), 0
    for copy in deaths(lake.url, tmp_path, lambda copy: undo(open_lake(str(copy)), record), stride=2):
        cut = open_lake(str(copy))
        told = [(held["removal"], held["then"]) for held in dry_run(cut, ALL)["pending"]]
        report = retain(cut, ALL)
        assert told == [(name, "undone") for name in report["undone"]]
        assert report["finished"] == []
        finished += bool(told)
        (ended,) = records(cut)
        assert held(cut) == (before if ended.undone else gone)
        assert {states[-1]["status"] for states in newest_states(cut, [A])} == {
            "finished" if ended.undone else "removed"
        }
    assert finished > 8


def test_a_dry_run_says_of_an_undo_that_was_cut_off_that_it_is_undone_first(
    lake: Lake, ask: Ask, tmp_path: Path
) -> None:
    choice = Choice(f"delete {A}", "sweep", frozenset({A}))
    remove(lake, plan_removal(datetime.now(UTC), [choice], {A: 1}, lake.snapshot(), counter(lake.storage)))
    (record,) = records(lake)
    with pytest.raises(KilledError), watched(Death(8)):
        undo(lake, record)
    (policy := tmp_path / "policy.toml").write_text("[keep]\nlast = 100\n")
    text = ask("retain", "--lake", lake.url, "--policy", policy)
    assert f"removal {record.id} was cut off, and is undone first" in text.err
    assert "its undo was begun" in text.err


def test_a_check_tells_of_an_undo_and_of_a_removal_that_were_cut_off(lake: Lake) -> None:
    cut_off(lake, 20)
    (told,) = told_by_check(lake)
    assert (told.sweeps, told.harmless) == ((A,), True)
    assert "finishes it; `sweeplake undo` brings back" in told.remedy
    (record,) = records(lake)
    with pytest.raises(KilledError), watched(Death(8)):
        undo(open_lake(lake.url), record)
    (told,) = told_by_check(lake)
    assert "the undo of removal" in told.text
    assert not told.harmless
    retain(open_lake(lake.url), ALL)
    assert told_by_check(lake) == []


def test_a_removal_that_has_not_ended_for_an_hour_is_not_harmless(lake: Lake) -> None:
    cut_off(lake, 20)
    (record,) = records(lake)
    plan = Path(lake.url, "_maintenance", record.id, "plan.json")
    at = record.at - timedelta(hours=2)
    plan.write_text(plan.read_text().replace(record.at.isoformat(), at.isoformat()))
    assert [told.harmless for told in told_by_check(lake)] == [False]


def told_by_check(lake: Lake) -> list[Finding]:
    return [finding for finding in check(open_lake(lake.url)).findings if finding.kind == "cut_off"]
