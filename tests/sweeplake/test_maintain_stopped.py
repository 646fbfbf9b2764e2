"""`maintain` that is told to stop: what it left out is told, and the exit code says whether that matters."""

import shutil
import signal
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import sweeplake.maintain
from lake.lake import Lake, open_lake
from lake.policy import Policy
from sweeplake.maintain import maintain
from tests.sweeplake.asking import Ask

LEFT_OUT = "left out: compaction, vacuum"


@pytest.fixture
def lake(swept: Path, tmp_path: Path) -> Path:
    """The lake of two sweeps, to change."""
    return Path(shutil.copytree(swept, tmp_path / "lake"))


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Keeps one sweep."""
    file = tmp_path / "policy.toml"
    file.write_text("[keep]\nlast = 1\n")
    return file


def stopped_in(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let SIGTERM come while a step is at work, just before its end."""
    real = getattr(sweeplake.maintain, name)

    def hit(*words: Any, **options: Any) -> Any:
        done = real(*words, **options)
        signal.raise_signal(signal.SIGTERM)
        return done

    monkeypatch.setattr(sweeplake.maintain, name, hit)


def test_one_round_that_is_stopped_tells_what_it_left_out_and_exits_130(
    ask: Ask, lake: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_in(monkeypatch, "retain")
    words = ask("maintain", "--policy", policy, "--lake", lake)
    assert words.code == 130
    assert f"interrupted; {LEFT_OUT}. The next `maintain` does it" in words.err
    told = ask("maintain", "--policy", policy, "--lake", lake, "--json")
    assert (told.code, told.json["skipped"]) == (130, ["compaction", "vacuum"])
    assert told.json["retention"]["applied"]


def test_a_stop_after_which_nothing_is_left_is_no_interruption(
    ask: Ask, lake: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_in(monkeypatch, "vacuum_plan")
    answer = ask("maintain", "--policy", policy, "--lake", lake, "--json")
    assert (answer.code, answer.json["skipped"]) == (0, [])


def test_one_round_that_failed_and_was_stopped_tells_both_and_exits_2(
    ask: Ask, lake: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        raise OSError(28, "No space left on device", "metrics/x.parquet")

    monkeypatch.setattr(sweeplake.maintain, "retain", failing)
    answer = ask("maintain", "--policy", policy, "--lake", lake)
    assert answer.code == 2
    assert LEFT_OUT in answer.err
    assert "No space left on device" in answer.err


def test_every_step_that_failed_is_told(
    ask: Ask, lake: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "metrics/x.parquet")

    for step in ("retain", "vacuum_plan"):
        monkeypatch.setattr(sweeplake.maintain, step, failing)
    answer = ask("maintain", "--policy", policy, "--lake", lake)
    assert answer.code == 2
    assert "vacuum failed too" in answer.err
    assert answer.err.count("No space left on device") == 2


@pytest.mark.parametrize(
    ("step", "told"),
    [("retain", f"stopped; {LEFT_OUT}"), ("vacuum_plan", "stopped between two rounds")],
)
def test_a_job_that_goes_on_ends_by_a_stop_and_exits_0(
    ask: Ask, lake: Path, policy: Path, monkeypatch: pytest.MonkeyPatch, step: str, told: str
) -> None:
    stopped_in(monkeypatch, step)
    answer = ask("maintain", "--policy", policy, "--lake", lake, "--every", "1h")
    assert answer.code == 0
    assert told in answer.err


def test_tables_that_compaction_did_not_come_to_are_told(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, real = Event(), sweeplake.maintain.compact_table

    def last(held: Lake, name: str, *words: Any, **options: Any) -> Any:
        stop.set()
        return real(held, name, *words, **options)

    monkeypatch.setattr(sweeplake.maintain, "compact_table", last)
    [done] = maintain(open_lake(str(lake)), Policy(), stop=stop)
    first, *others = sweeplake.maintain.COMPACTED
    assert first not in done.skipped
    assert done.skipped == (*(f"compaction of {name}" for name in others), "vacuum")


def test_what_is_told_to_stop_before_it_begins_does_nothing(
    ask: Ask, lake: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Event()
    stop.set()
    assert list(maintain(open_lake(str(lake)), Policy(), stop=stop)) == []
    monkeypatch.setattr(import_module("sweeplake.cli.maintain"), "Event", lambda: stop)
    answer = ask("maintain", "--policy", policy, "--lake", lake)
    assert answer.code == 130
    assert "left out: everything" in answer.err
