"""Folders that an account may not list: what lies there is not nothing."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake.lake import Lake
from tests.lake.runs import SWEEP, add_runs

AS_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@pytest.fixture
def filled(lake: Lake) -> Lake:
    add_runs(lake, ["a", "b"])
    return lake


@pytest.fixture(params=[f"_sweeps/{SWEEP}", "metrics/strategy=s/symbol=X"])
def forbidden(filled: Lake, request: pytest.FixtureRequest) -> Iterator[Path]:
    folder = Path(filled.url, request.param)
    folder.chmod(0)
    yield folder
    folder.chmod(stat.S_IRWXU)


@pytest.mark.parametrize("command", ["vacuum", "check", "check --deep"])
def test_a_folder_that_cannot_be_listed_is_told_and_nothing_changes(
    filled: Lake, forbidden: Path, command: str
) -> None:
    sweeplake = Path(sys.executable).with_name("sweeplake")
    done = subprocess.run(
        [*AS_ANYBODY, sweeplake, *command.split(), "--lake", filled.url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Permission denied" in done.stderr
    assert forbidden.name in done.stderr
    assert "Traceback" not in done.stderr
