"""Standard output that takes no more: told in a line, or nothing where the reader has left."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.processes import BIN, environment


def asked(lake: Path, form: str, out: str) -> subprocess.CompletedProcess[str]:
    """Ask for some rows in a form, in a shell that sends them somewhere."""
    query = "select x, x as y from range(20000) as r(x)"
    return subprocess.run(
        ["sh", "-c", f'"$0" "$@" {out}', BIN / "sweeplake", "sql", query, "--format", form, "--lake", lake],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx", "table"])
def test_a_full_device_is_no_defect(swept: Path, form: str) -> None:
    done = asked(swept, form, "> /dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith("error: No space left on device; see that there is room")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_reader_that_leaves_early_is_no_error(swept: Path, form: str) -> None:
    done = asked(swept, form, "| head -c 1")
    assert (done.returncode, done.stderr) == (0, "")
