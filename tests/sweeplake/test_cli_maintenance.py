"""The commands of maintenance, as they are typed: what they print, refuse and change."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sweeplake as sl
from tests.sweeplake.asking import Ask, refused, tree

POLICIES = Path(__file__).parents[2] / "configs" / "policies"


@pytest.fixture
def lake(swept: Path, tmp_path: Path) -> Path:
    """A lake of its own with two sweeps: one with details, and one with failures."""
    folder = tmp_path / "lake"
    shutil.copytree(swept, folder)
    return folder


def ids(lake: Path) -> tuple[list[str], list[str]]:
    """The sweeps, the newest first, and the runs with details."""
    with sl.open(lake) as opened:
        sweeps = opened.sql("select sweep_id from sweeps order by sweep_id desc").fetchall()
        runs = opened.sql("select run_id from details order by run_id").fetchall()
    return [row[0] for row in sweeps], [row[0] for row in runs]


def counts(lake: Path) -> dict[str, int]:
    with sl.open(lake) as opened:
        return {
            table: opened.catalog.rows(f"select count(*) as n from {table}")[0]["n"]  # noqa: S608
            for table in ("metrics", "details", "trades", "equity", "failures", "removals")
        }


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text("[keep]\nlast = 1\n")
    return file


def test_a_dry_run_changes_nothing_and_lists_what_a_real_one_removes(
    ask: Ask, lake: Path, policy: Path
) -> None:
    before = tree(lake)
    dry = ask("retain", "--policy", policy, "--lake", lake, "--json").json
    assert tree(lake) == before
    words = ask("retain", "--policy", policy, "--lake", lake)
    assert "keep.last = 1" in words.out
    assert "a dry run: nothing was removed" in words.err
    real = ask("retain", "--policy", policy, "--lake", lake, "--json", "--apply").json
    assert (dry["applied"], real["applied"]) == (False, True)
    assert [real[key] for key in ("lines", "bytes", "tables")] == [
        dry[key] for key in ("lines", "bytes", "tables")
    ]
    [line] = real["lines"]
    assert line["sweeps"] == [ids(lake)[0][1]]
    assert line["runs"] > 0
    assert counts(lake)["details"] == 0
    status = ask("status", "--lake", lake, "--json").json["sweeps"]
    assert [(sweep["status"], sweep["done"]) for sweep in status] == [
        ("finished_with_failures", 3),
        ("removed", 0),
    ]
    again = ask("retain", "--policy", policy, "--lake", lake, "--apply")
    assert "no line names anything that goes" in again.err


def test_undo_brings_back_the_last_removal_or_all_since(ask: Ask, lake: Path, policy: Path) -> None:
    before = counts(lake)
    ask("retain", "--policy", policy, "--lake", lake, "--apply")
    refused(ask("undo", "--lake", lake, "--to", "yesterday"), "write a time such as")
    undone = ask("undo", "--lake", lake)
    assert "keep.last = 1" in undone.out
    assert counts(lake) == before
    refused(ask("undo", "--lake", lake), "no removal that is not undone")
    newest, older = ids(lake)[0]
    for name in (newest, older):
        assert ask("delete", name, "--yes", "--lake", lake).code == 0
    assert counts(lake)["metrics"] == counts(lake)["failures"] == 0
    document = ask("undo", "--to", "2020-01-01", "--lake", lake, "--json").json
    assert [set(entry["rows"]) for entry in document["undone"]] == [
        {"metrics", "details", "trades", "equity"},
        {"metrics", "failures"},
    ]
    assert counts(lake) == before


def test_delete_tells_what_goes_and_asks_first(ask: Ask, lake: Path) -> None:
    run = ids(lake)[1][0]
    before = tree(lake)
    refused_answer = ask("delete", run, "--lake", lake)
    assert refused_answer.code == 2
    assert "add --yes" in refused_answer.err
    refused(ask("delete", run[:-1] + "x", "--lake", lake), "unknown run or sweep", "did you mean")
    assert tree(lake) == before
    held = counts(lake)
    done = ask("delete", run, "--yes", "--lake", lake)
    assert f"delete {run}" in done.out
    assert "to bring it back" in done.err
    lost = counts(lake)
    assert (held["metrics"] - lost["metrics"], held["details"] - lost["details"], lost["removals"]) == (
        1,
        1,
        1,
    )
    refused(ask("show", run, "--lake", lake), "unknown run")


def test_pins_are_listed_and_hold(ask: Ask, lake: Path, policy: Path) -> None:
    sweep = ids(lake)[0][1]
    refused(ask("pin", "nothing", "--lake", lake), "unknown run or sweep")
    refused(ask("unpin", sweep, "--lake", lake), "unknown pin")
    assert "nothing is pinned" in ask("pins", "--lake", lake).err
    assert ask("pin", sweep, "--note", "the paper's figures", "--lake", lake).code == 0
    [pin] = ask("pins", "--lake", lake, "--json").json["pins"]
    assert (pin["id"], pin["kind"], pin["note"]) == (sweep, "sweep", "the paper's figures")
    assert "the paper's figures" in ask("pins", "--lake", lake).out
    refused_answer = ask("delete", sweep, "--yes", "--lake", lake)
    assert f"{sweep} is pinned" in refused_answer.err
    assert ask("retain", "--policy", policy, "--lake", lake, "--json").json["lines"] == []
    assert ask("unpin", sweep, "--lake", lake).code == 0
    assert len(ask("retain", "--policy", policy, "--lake", lake, "--json").json["lines"]) == 1


def test_a_bad_policy_or_no_lake_is_refused_in_one_line(ask: Ask, lake: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[age]\nsweep = '1d'")
    for command in ("retain", "maintain"):
        refused(ask(command, "--policy", bad, "--lake", lake), "age.sweep", 'did you mean "sweeps"?')
        refused(
            ask(command, "--policy", POLICIES / "team.toml", "--lake", tmp_path / "none"), "there is no lake"
        )


@pytest.mark.parametrize(
    ("every", "part"),
    [
        ("soon", "m (minutes), h, d or w"),
        ("0h", "give 1m or longer"),
        ("0.002h", "give 1m or longer"),
        ("59d99", "a number and m"),
        ("99999999999999w", "give a shorter one"),
    ],
)
def test_rounds_that_come_too_often_are_refused(ask: Ask, lake: Path, every: str, part: str) -> None:
    before = tree(lake)
    answer = ask("maintain", "--policy", POLICIES / "team.toml", "--lake", lake, "--every", every)
    refused(answer, "--every", every, part)
    assert tree(lake) == before


@pytest.mark.parametrize("file", sorted(POLICIES.glob("*.toml")), ids=lambda file: file.stem)
def test_the_policies_that_come_along_can_be_run(ask: Ask, lake: Path, file: Path) -> None:
    before = counts(lake)
    answer = ask("maintain", "--policy", file, "--lake", lake, "--json")
    assert answer.code == 0, answer
    assert answer.json["errors"] == {}
    kept = {table for table, count in counts(lake).items() if count == before[table]}
    assert {"metrics", "failures", "removals"} <= kept


def test_maintain_waits_for_the_next_round_until_it_is_told_to_stop(lake: Path, policy: Path) -> None:
    command = [Path(sys.executable).parent / "sweeplake", "maintain", "--policy", policy, "--lake", lake]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--every", "1m", "--json"], stdout=subprocess.PIPE, text=True, env=environment
    ) as job:
        assert job.stdout is not None
        first = job.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            job.wait(2)
        job.send_signal(signal.SIGTERM)
        assert job.wait(30) == 0
        assert job.stdout.read() == ""
    assert '"retention"' in first
    assert counts(lake)["details"] == 0
