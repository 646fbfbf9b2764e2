"""A query watched while a sweep runs in another process: every answer is of one snapshot."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

from sweeplake.lake import Lake
from tests.e2e.processes import BIN, started, sweeplake
from tests.e2e.sweeping import SLOW, SWEEP, sweeping

# What the tables say of each other, and how many runs there are.
QUERY = """
select
    (select count(*) from metrics) as runs,
    (select count(distinct run_id) from metrics) as ids,
    (select sum(done) from sweep_summary) as done,
    (select list(status) from sweeps) as status,
    (select count(*) from details anti join metrics using (sweep_id, run_id)) as lost
"""


def test_every_answer_while_a_sweep_runs_is_consistent(small_lake: Lake, write: Callable[..., Path]) -> None:
    config = write(sweep__toml=SWEEP, slow__py=SLOW)
    watching = (
        BIN / "sweeplake",
        "sql",
        QUERY,
        "--watch",
        "0.2",
        "--format",
        "json",
        "--lake",
        small_lake.url,
    )
    with sweeping(config, small_lake, "--workers", "2") as (process, sweep_id):
        with started(*watching, cwd=config.parent) as watcher:
            time.sleep(15)
            assert watcher.poll() is None
            assert sweeplake("cancel", sweep_id, "--lake", small_lake.url, cwd=config.parent).returncode == 0
            process.wait(timeout=30)
            time.sleep(2)
            began = time.monotonic()
            watcher.send_signal(signal.SIGINT)
            out, told = watcher.communicate(timeout=10)
        assert time.monotonic() - began < 2
    assert (watcher.returncode, told.strip()) == (130, "interrupted")
    answers = [json.loads(line) for line in out.splitlines()]
    assert len(answers) > 10
    rows = [row for (row,) in answers]
    runs = [row["runs"] for row in rows]
    assert runs == sorted(runs)
    assert len(set(runs)) > 2, "it was asked while runs came"
    assert all(row["ids"] == row["done"] == row["runs"] for row in rows)
    assert all(row["lost"] == 0 for row in rows)
    assert rows[0]["status"] == ["running"]
    assert rows[-1]["status"] == ["cancelled"]
