"""The commands of maintenance, as they are typed: what they print, refuse and change."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sweeplake as sl
from sweeplake.cli.retain import print_removal
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


def runs_of(lake: Path, table: str) -> list[str]:
    """The runs of the older sweep, sorted."""
    older = ids(lake)[0][1]
    with sl.open(lake) as opened:
        found = opened.catalog.rows(f"select distinct run_id from {table} where sweep_id = $1", [older])  # noqa: S608
        return sorted(row["run_id"] for row in found)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text("[keep]\nlast = 1\n")
    return file


def test_a_dry_run_changes_nothing_and_lists_what_a_real_one_removes(
    ask: Ask, lake: Path, policy: Path
) -> None:
    before, goes = tree(lake), {table: runs_of(lake, table) for table in ("metrics", "details")}
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
    assert line["sweeps"] == line["gone"] == [ids(lake)[0][1]]
    assert f"keep.last = 1: sweeps that go\n  {line['sweeps'][0]}\n" in words.out
    assert line["ids"]["runs"] == {line["sweeps"][0]: goes["metrics"]}
    assert line["ids"]["details"] == {line["sweeps"][0]: goes["details"]}
    assert line["runs"] > 0
    assert counts(lake)["details"] == 0
    status = ask("status", "--lake", lake, "--json").json["sweeps"]
    assert [(sweep["status"], sweep["done"]) for sweep in status] == [
        ("finished_with_failures", 3),
        ("removed", 0),
    ]
    again = ask("retain", "--policy", policy, "--lake", lake, "--apply")
    assert "no line names anything that goes" in again.err


def test_undo_to_a_time_brings_back_everything_or_nothing(ask: Ask, lake: Path) -> None:
    newer, older = ids(lake)[0]
    for sweep in (older, newer):
        assert ask("delete", sweep, "--yes", "--lake", lake).code == 0
        if sweep == older:  # what it took out is gone
            with sl.open(lake) as opened:
                named = {file.path for file in opened.catalog.snapshot["metrics"].files}
            for path in (lake / "metrics").rglob("*.parquet"):
                if str(path.relative_to(lake / "metrics")) not in named and "_delta_log" not in path.parts:
                    path.unlink()
    before = counts(lake)
    refused(ask("undo", "--to", "2020-01-01", "--lake", lake), "cannot be undone: vacuum took")
    assert counts(lake) == before
    assert ask("undo", "--lake", lake).code == 0
    assert counts(lake)["metrics"] > before["metrics"]


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
    for words in (("show", run), ("delete", run, "--yes"), ("pin", run)):
        refused(
            ask(*words, "--lake", lake),
            f"run {run} was removed at 20",
            f"by delete {run}; `sweeplake undo --lake {lake}`",
        )


def test_what_went_with_its_sweep_is_told_until_it_is_back(ask: Ask, lake: Path, policy: Path) -> None:
    sweep, run = ids(lake)[0][1], ids(lake)[1][0]
    look = ("lookup", "--strategy", "sma_cross", "--symbol", "AAA", "--lake", lake)
    found = ask(*look, "--json")
    assert found.json["rows"]
    assert found.err == ""
    assert ask("retain", "--policy", policy, "--lake", lake, "--apply").code == 0
    remedy = f"`sweeplake undo --lake {lake}` brings it back until vacuum"
    told = ("was removed at 20", "UTC by keep.last = 1", remedy)
    refused(ask("show", run, "--lake", lake), f"run {run}", *told)
    for words in (("best", "--sweep", sweep), ("search", "--sweep", sweep), ("resume", sweep)):
        refused(ask(*words, "--lake", lake), f"sweep {sweep}", *told)
    gone = ask(*look, "--json")
    assert (gone.code, gone.json) == (0, {"rows": []})
    assert "runs of sma_cross on AAA were removed at 20" in gone.err
    assert ask("summary", sweep, "--lake", lake).code == 0
    refused(ask("show", "f" * 32, "--lake", lake), "unknown run")
    assert ask("undo", "--lake", lake).code == 0
    assert ask("show", run, "--lake", lake).code == 0
    assert ask("best", "--sweep", sweep, "--lake", lake).code == 0
    assert ask(*look, "--json").out == found.out


def test_many_sweeps_that_go_are_told_by_their_first_ten(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"s{n:02}" for n in range(13)]
    line = {"line": "age.sweeps = 1h", "sweeps": names, "gone": names[1:], "bytes": 1}
    print_removal({"applied": False, "bytes": 1, "lines": [line]}, asked=True)
    out = capsys.readouterr().out
    assert "of sweeps" in out.splitlines()[0]
    assert "sweeps that go\n  s01\n" in out
    assert "  s10\n  and 2 more; --json has all\n" in out
    assert "sweeps of which something goes\n  s00\n" in out


def test_a_policy_that_pins_what_is_gone_is_applied_with_a_warning(
    ask: Ask, lake: Path, policy: Path
) -> None:
    sweep = ids(lake)[0][1]
    assert ask("delete", sweep, "--yes", "--lake", lake).code == 0
    policy.write_text(f"[pins]\nsweeps = ['{sweep}']\n")
    for command in ("retain", "maintain"):
        answer = ask(command, "--policy", policy, "--lake", lake)
        assert answer.code == 0
        assert f"warning: {policy}: pins.sweeps: sweep {sweep} was removed at 20" in answer.err
    policy.write_text("[pins]\nsweeps = ['never']\n")
    for command in ("retain", "maintain"):
        answer = ask(command, "--policy", policy, "--lake", lake)
        assert answer.code == 2
        assert f"the lake has no sweep never; take it off the list in {policy}" in answer.err


def test_pins_are_listed_and_hold(ask: Ask, lake: Path, policy: Path) -> None:
    sweep = ids(lake)[0][1]
    refused(ask("pin", "nothing", "--lake", lake), "unknown run or sweep")
    refused(ask("unpin", sweep, "--lake", lake), "unknown pin")
    assert "nothing is pinned" in ask("pins", "--lake", lake).err
    made = ask("pin", sweep, "--note", "the paper's figures", "--lake", lake, "--json").json["pinned"]
    assert (made["id"], made["kind"], made["note"]) == (sweep, "sweep", "the paper's figures")
    [pin] = ask("pins", "--lake", lake, "--json").json["pins"]
    assert (pin["id"], pin["kind"], pin["note"]) == (sweep, "sweep", "the paper's figures")
    assert "the paper's figures" in ask("pins", "--lake", lake).out
    refused_answer = ask("delete", sweep, "--yes", "--lake", lake)
    assert f"{sweep} is pinned" in refused_answer.err
    assert ask("retain", "--policy", policy, "--lake", lake, "--json").json["lines"] == []
    assert ask("unpin", sweep, "--lake", lake, "--json").json == {"unpinned": made}
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
