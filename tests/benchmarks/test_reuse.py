"""Reuse: the same sweep again, and one with a wider axis, in a lake that has ten times its runs.

BENCH_RUNS is the size of the sweep (default 100000). The nine parts that are not its own share its context,
so that no file can be passed over for its bounds.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from lake.commits import commit
from lake.writer import write_rows
from sweeplake.lake import Lake
from tests.benchmarks.stored_runs import more_runs
from tests.benchmarks.test_command_end_to_end import command, lake, sweep_of

__all__ = ["lake"]
pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

RUNS = int(os.environ.get("BENCH_RUNS", "100000"))
OTHERS = 9
RUNS_A_FILE = 500_000
FILLER = "20260101T000000000-ffffff"


def wider(runs: int) -> str:
    """Return the sweep with one axis a tenth longer."""
    return sweep_of("exits", runs + runs // 10)


def fill(lake: Lake, sweep_id: str) -> None:
    """Add nine times the runs of a sweep, of the same context and with other parameter hashes."""
    question = f"select * replace ('{FILLER}' as sweep_id) from metrics where sweep_id = $id limit 50000"  # noqa: S608
    rows = lake.sql(question, {"id": sweep_id}).to_arrow_table().drop(["strategy", "symbol", "date"])
    place = {"strategy": "sma_cross", "symbol": "X", "date": "2026-01-02"}
    for part in more_runs(rows, OTHERS * RUNS, RUNS_A_FILE, np.random.default_rng(0)):
        file = write_rows(lake.tables.storage, "metrics", part.sort_by("run_id"), place)
        commit(lake.tables, "metrics", [file])


def test_what_a_lake_has_is_not_computed(lake: Lake, tmp_path: Path) -> None:
    first, _, computing, _ = command(lake, tmp_path, sweep_of("exits", RUNS))
    runs = first["runs"]
    fill(lake.refresh(), first["sweep_id"])
    again, _, wall, memory = command(lake, tmp_path, sweep_of("exits", RUNS), fresh=False)
    assert (again["computed"], again["reused"]) == (0, runs)
    more, _, widened, _ = command(lake, tmp_path, wider(RUNS), fresh=False)
    assert (more["computed"], more["reused"]) == (more["runs"] - runs, runs)
    lake.refresh()
    question = "select count(distinct run_id), max(sharpe), sum(num_trades) from metrics where sweep_id = $id"
    assert (
        lake.sql(question, {"id": first["sweep_id"]}).fetchall()
        == lake.sql(question, {"id": again["sweep_id"]}).fetchall()
    )
    stored = sum(file.rows for file in lake.tables.snapshot(["metrics"])["metrics"].files)
    verdict = {
        "benchmark": "reuse",
        "runs": runs,
        "runs_in_the_lake": stored,
        "computed_seconds": computing,
        "again_seconds": wall,
        "again_reuse_seconds": again["profile"]["driver"]["reuse"],
        "wider_runs": more["runs"],
        "wider_seconds": widened,
        "driver_bytes": memory["driver"],
    }
    print(json.dumps(verdict))
