"""Files are read by a process apart: one that is killed from outside, or disturbed, condemns no file."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lake.apart import CheckFailedError
from lake.check import check_files
from lake.errors import LakeUnreachableError
from lake.file_check import check_apart
from lake.lake import Lake
from lake.storage import Storage
from tests.lake.runs import add_runs


@pytest.fixture
def filled(lake: Lake) -> Lake:
    add_runs(lake, ["a"])
    return lake


def signalled(monkeypatch: pytest.MonkeyPatch, number: signal.Signals, times: int) -> None:
    """Let the first processes that read files end by a signal."""
    real, calls = subprocess.run, list[int]()

    def run(command: list[str], **named: Any) -> object:
        calls.append(1)
        if len(calls) <= times:
            program = f"import os; os.kill(os.getpid(), {int(number)})"
            command = [sys.executable, "-c", program]
        return real(command, **named)

    monkeypatch.setattr("lake.apart.subprocess.run", run)


def test_a_process_that_is_killed_from_outside_condemns_no_file(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    signalled(monkeypatch, signal.SIGKILL, 2)
    with pytest.raises(CheckFailedError, match="ended from outside"):
        check_files(filled)


@pytest.mark.parametrize(("crashes", "condemned"), [(2, 0), (3, 0), (4, 1)])
def test_only_a_file_that_alone_crashes_two_processes_is_damaged(
    filled: Lake, monkeypatch: pytest.MonkeyPatch, crashes: int, condemned: int
) -> None:
    signalled(monkeypatch, signal.SIGSEGV, crashes)
    assert [found.kind for found in check_files(filled).findings] == ["damaged_file"] * condemned


def test_the_folder_that_the_user_is_in_is_no_place_for_modules(
    filled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("lake", "random", "pickle"):
        Path(tmp_path, f"{name}.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    assert check_files(filled).findings == ()


def begins_with(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Let every process begin with a program."""
    Path(folder, "sitecustomize.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_what_is_printed_at_the_start_of_python_is_no_answer(
    filled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins_with(monkeypatch, tmp_path, "print('hello', flush=True)")
    assert check_files(filled).findings == ()


def test_a_process_that_ends_well_and_tells_nothing_has_failed(
    filled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins_with(monkeypatch, tmp_path, "import os; os._exit(0)")
    with pytest.raises(CheckFailedError, match="told nothing"):
        check_files(filled)


def test_a_store_that_is_away_is_unreachable_from_there_too(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = list[Any]()
    real: Callable[..., Any] = check_apart

    def remember(storage: Storage, items: list[Any]) -> object:
        held.extend(items[:1])
        return real(storage, items)

    monkeypatch.setattr("lake.check.check_apart", remember)
    check_files(filled)
    for name, value in (("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_ACCESS_KEY_ID", "x")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(LakeUnreachableError, match="cannot reach the lake s3://bucket/lake"):
        check_apart(Storage("s3://bucket/lake"), held)
