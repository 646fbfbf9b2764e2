"""Removals and undos that were cut off: what dry runs, vacuum, `delete` and damage make of them."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.removal import Removal, plan_removal
from lake.removal_log import records
from lake.remove import remove
from lake.undo import undo
from tests.lake.runs import SWEEP, add_runs, end_sweep
from tests.lake.seam import Death, KilledError, watched
from tests.lake.small import held, put_runs, put_sweep
from tests.sweeplake.asking import Ask, refused

SWEEPS = [f"2026010{day}-{day}" for day in range(2, 7)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = open_lake(str(tmp_path / "lake"))
    for day, name in enumerate(SWEEPS):
        put_sweep(made, name, days=day)
        put_runs(made, [(name, f"r{day}")])
    return made


@pytest.fixture
def last_four(tmp_path: Path) -> Path:
    (policy := tmp_path / "policy.toml").write_text("[keep]\nlast = 4\n")
    return policy


def removal_of(lake: Lake, sweep: str) -> Removal:
    choice = Choice(f"delete {sweep}", "sweep", frozenset({sweep}))
    at, snapshot = datetime.now(UTC), lake.snapshot()
    return plan_removal(at, [choice], {sweep: 1}, snapshot, counter(lake.storage))


def die(lake: Lake, place: int, sweep: str) -> None:
    with pytest.raises(KilledError), watched(Death(place)):
        remove(lake, removal_of(lake, sweep))


def die_undoing(lake: Lake, place: int) -> None:
    (record,) = records(lake)
    with pytest.raises(KilledError), watched(Death(place)):
        undo(open_lake(lake.url), record)


def sweeps(lake: Lake) -> set[str]:
    return {str(row["sweep_id"]) for row in held(open_lake(lake.url))["metrics"]}


def ten_days_later(lake: Lake) -> None:
    old = datetime.now(UTC).timestamp() - 10 * 86_400
    for path in Path(lake.url).rglob("*"):
        if path.is_file():
            os.utime(path, (old, old))


@pytest.mark.parametrize("cut", ["removal", "undo"])
def test_a_real_run_removes_what_the_dry_run_told_and_the_policy_waits(
    lake: Lake, ask: Ask, last_four: Path, cut: str
) -> None:
    if cut == "removal":
        die(lake, 3, SWEEPS[-1])
    else:
        remove(lake, removal_of(lake, SWEEPS[-1]))
        die_undoing(lake, 8)
    words = ("retain", "--lake", lake.url, "--policy", last_four, "--json")
    dry, before = ask(*words).json, sweeps(lake)
    told = {name for held in dry["pending"] for line in held["lines"] for name in line["gone"]}
    assert [held["then"] for held in dry["pending"]] == ["finished" if cut == "removal" else "undone"]
    assert (dry["lines"], len(dry["warnings"])) == ([], 1)
    real = ask(*words, "--apply").json
    assert real["lines"] == []
    assert before - sweeps(lake) == (told if cut == "removal" else set())
    again = ask(*words, "--apply").json
    assert [line["gone"] for line in again["lines"]] == ([] if cut == "removal" else [[SWEEPS[0]]])


def test_what_cannot_end_now_does_not_hold_the_policy_up(lake: Lake, ask: Ask, last_four: Path) -> None:
    remove(lake, removal_of(lake, SWEEPS[-1]))
    die_undoing(lake, 8)
    for path in Path(lake.url, "metrics").rglob("*.parquet"):
        if str(path.relative_to(Path(lake.url, "metrics"))) not in {
            file.path for file in lake.snapshot(["metrics"])["metrics"].files
        }:
            path.unlink()
    put_sweep(lake, "20260108-8", days=7)
    put_runs(lake, [("20260108-8", "r8")])
    words = ("retain", "--lake", lake.url, "--policy", last_four)
    dry = ask(*words, "--json").json
    assert [held["then"] for held in dry["pending"]] == ["waits"]
    assert "vacuum took" in dry["pending"][0]["waits_for"]
    assert "cannot come to its end now" in ask(*words).err
    (line,) = dry["lines"]
    assert ask(*words, "--apply", "--json").json["lines"][0]["gone"] == line["gone"] == [SWEEPS[0]]


def test_vacuum_leaves_what_an_undo_that_was_cut_off_needs(lake: Lake, ask: Ask) -> None:
    before = held(lake)
    remove(lake, removal_of(lake, SWEEPS[0]))
    die_undoing(lake, 14)
    ten_days_later(lake)
    assert ask("vacuum", "--lake", lake.url).code == 0
    assert ask("undo", "--lake", lake.url).code == 0
    assert held(open_lake(lake.url)) == before


def test_a_deletion_that_was_cut_off_is_finished_by_the_same_command(lake: Lake, ask: Ask) -> None:
    die(lake, 26, SWEEPS[0])
    assert SWEEPS[0] not in sweeps(lake)
    told = ask("delete", SWEEPS[0], "--yes", "--lake", lake.url)
    assert (told.code, "finished removal" in told.err) == (0, True)
    assert all(record.done for record in records(lake))
    assert SWEEPS[0] not in {row["sweep_id"] for rows in held(open_lake(lake.url)).values() for row in rows}
    refused(ask("delete", SWEEPS[0], "--yes", "--lake", lake.url), "was removed")


def test_vacuum_goes_on_where_a_sweep_with_a_damaged_batch_was_deleted(tmp_path: Path, ask: Ask) -> None:
    lake = open_lake(str(tmp_path / "other"))
    add_runs(lake, ["a"])
    end_sweep(lake, 2, status="interrupted")
    (batch,) = Path(lake.url, "_sweeps", SWEEP).glob("batch-*.json")
    batch.write_bytes(batch.read_bytes()[:50])
    assert ask("delete", SWEEP, "--yes", "--lake", lake.url).code == 0
    for _ in range(2):
        ten_days_later(lake)
        assert ask("vacuum", "--lake", lake.url).code == 0


def test_a_damaged_file_of_a_removal_is_named_before_anything_comes_back(
    tmp_path: Path, ask: Ask, last_four: Path
) -> None:
    lake = open_lake(str(tmp_path / "shared"))
    for day, name in enumerate(SWEEPS):
        put_sweep(lake, name, days=day)
    put_runs(lake, [(SWEEPS[0], "r1"), (SWEEPS[1], "r2")])  # both in one file a table
    for day in (2, 3, 4):
        put_runs(lake, [(SWEEPS[day], f"r{day}")])
    plan = removal_of(lake, SWEEPS[0])
    remove(lake, plan)
    assert ask("compact", "--lake", lake.url).code == 0  # what was left is merged with others
    path = Path(lake.url, "metrics", plan.losses["metrics"][0].file.path)
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(bytes(data))
    before = held(open_lake(lake.url))
    refused(ask("undo", "--lake", lake.url), "cannot be undone: a file of it is damaged", path.name)
    assert held(open_lake(lake.url)) == before
    assert ask("retain", "--lake", lake.url, "--policy", last_four, "--apply").code == 0
    assert ask("delete", SWEEPS[1], "--yes", "--lake", lake.url).code == 0


def test_a_pin_of_a_failed_run_holds(lake: Lake, ask: Ask, last_four: Path) -> None:
    die(lake, 3, SWEEPS[0])
    assert ask("pin", "fr0", "--lake", lake.url).code == 0
    before = held(lake)
    real = ask("retain", "--lake", lake.url, "--policy", last_four, "--apply", "--json")
    assert len(json.loads(real.out)["undone"]) == 1
    assert held(open_lake(lake.url)) == before
    refused(ask("delete", SWEEPS[0], "--yes", "--lake", lake.url), "fr0 is pinned")
