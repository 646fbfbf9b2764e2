"""From the command to committed, queryable runs: 10,000 bars, the embedded cluster of two workers.

BENCH_RUNS is the sizes, e.g. "1000000,10000000" (default 100000); BENCH_JSON a file that gets one JSON
document a line. Start-up is told apart: the time to the first computed block. Two grids: "exits" crosses 10
fast averages with as many slow ones as the size needs, 20 stops and 20 targets, so that 400 runs share their
signals; in "signals" every run has signals of its own. vectorbt computes five metrics from ready signals on
the same two cores, in chunks of 128 columns, and stores nothing.
"""

import json
import math
import os
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest

from sweeplake.lake import Lake
from tests.benchmarks import alone
from tests.benchmarks.market import market_lake

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(3600)]

SIZES = [int(size) for size in os.environ.get("BENCH_RUNS", "100000").split(",")]
COMMAND = Path(sys.executable).with_name("sweeplake")
SAMPLE = 128
EVERY_SECONDS = 0.2
KERNEL_BLOCK = 20_000
EXITS = """
[grid]
fast = {{ start = 5, stop = 50, step = 5 }}
slow = {{ start = 55, stop = {last}, step = 1 }}
[exits]
stop_loss = {{ start = 0.005, stop = 0.1, step = 0.005 }}
take_profit = {{ start = 0.01, stop = 0.2, step = 0.01 }}
"""
SIGNALS = """
[grid]
fast = {{ start = 2, stop = {half}, step = 1 }}
slow = {{ start = {next}, stop = {last}, step = 1 }}
"""


def sweep_of(kind: str, runs: int) -> str:
    """Return a configuration of about so many runs."""
    half = math.isqrt(runs) + 1
    grid = (
        EXITS.format(last=54 + max(1, runs // 4_000))
        if kind == "exits"
        else SIGNALS.format(half=half, next=half + 1, last=2 * half - 1)
    )
    head = f'name = "{kind}"\nstrategy = "sma_cross"\nsymbols = ["X"]\ntimeframe = "1h"\n'
    rest = '[details]\nkeep = "none"\n'
    return f'{head}{grid}[execution]\nfill = "close"\nfee_bps = 5.0\nperiods_per_year = 252\n{rest}'


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The bars, and a first small sweep, which leaves compiled code on the disk."""
    folder = tmp_path_factory.mktemp("end_to_end")
    opened = market_lake(folder)
    command(opened, folder, sweep_of("exits", 4_000))
    return opened


def command(
    lake: Lake, folder: Path, config: str, *, fresh: bool = True
) -> tuple[dict[str, Any], float, float, dict[str, int]]:
    """Run the command; return its document, start, wall time and the most memory of driver and workers."""
    file = folder / "sweep.toml"
    file.write_text(config)
    begun = time.time()
    line = [COMMAND, "run", file, "--lake", lake.url, "--workers", "2", "--profile", "--json"]
    line += ["--fresh"] if fresh else []
    child = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    most = {"driver": 0, "workers": 0}
    with child:
        process = psutil.Process(child.pid)
        while child.poll() is None:
            try:
                most["driver"] = max(most["driver"], process.memory_info().rss)
                others = [other.memory_info().rss for other in process.children(recursive=True)]
                most["workers"] = max(most["workers"], sum(others))
            except psutil.Error:
                pass  # it ended in between
            time.sleep(EVERY_SECONDS)
        assert child.stdout is not None
        document = json.loads(child.stdout.read())
    assert child.returncode == 0
    return document, begun, time.time() - begun, most


def check_sample(lake: Lake, sweep_id: str, config: dict[str, Any]) -> None:
    """Assert that stored runs are vectorbt's."""
    scene, grid = alone.scene_and_grid(config)
    cells = np.sort(np.random.default_rng(3).choice(grid.survivors(0, 1 << 19), SAMPLE, replace=False))
    rows = [grid.row(int(cell)) for cell in cells]
    keys = [name for name in ("fast", "slow", "stop_loss", "take_profit") if rows[0][name] is not None]
    wanted = pd.DataFrame([{f"param_{key}": float(row[key]) for key in keys} for row in rows])
    wide = ", ".join((*wanted.columns, *alone.COMPARED))
    held = lake.sql(f"select {wide} from metrics where sweep_id = $id", {"id": sweep_id}).df()  # noqa: S608
    found = wanted.merge(held, on=list(wanted.columns), how="left")
    columns, options = alone.signals_of(scene, grid, cells)
    for name, values in alone.peer_metrics(scene, columns, options).items():
        ours, both = found[name].to_numpy(float), np.isfinite(values)
        assert both.mean() > 0.5, name
        off = np.abs(ours - values)[both] / np.maximum(1.0, np.abs(values[both]))
        assert off.max() <= 1e-9, f"{name} differs by {off.max()}"


@pytest.mark.parametrize("runs", SIZES)
@pytest.mark.parametrize("kind", ["exits", "signals"])
def test_from_the_command_to_queryable_runs(lake: Lake, tmp_path: Path, kind: str, runs: int) -> None:
    text = sweep_of(kind, runs)
    config = tomllib.loads(text)
    document, begun, wall, memory = command(lake, tmp_path, text)
    sweep_id, computed = document["sweep_id"], document["computed"]
    since = time.perf_counter()
    lake.refresh()
    count = lake.sql("select count(*), max(sharpe) from metrics where sweep_id = $id", {"id": sweep_id})
    assert count.fetchall()[0][0] == computed == document["runs"]
    asked = time.perf_counter() - since
    check_sample(lake, sweep_id, config)
    started = datetime.strptime(sweep_id[:18], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC).timestamp()
    startup = started - begun + document["profile"]["first_block"]
    kernel_startup, kernel = alone.in_two_processes(alone.bare_kernel, config, KERNEL_BLOCK)
    peer_startup, peer = alone.in_two_processes(alone.vectorbt, config)
    rate = computed / (wall - startup)
    files = lake.tables.snapshot(["metrics"])["metrics"].files
    sizes = [(file.size_bytes, file.rows) for file in files if file.minimum["sweep_id"] == sweep_id]
    verdict = {
        "grid": kind,
        "runs": computed,
        "wall_seconds": wall,
        "startup_seconds": startup,
        "runs_per_second": rate,
        "kernel_runs_per_second": kernel,
        "share_of_kernel": rate / kernel,
        "vectorbt_runs_per_second": peer,
        "times_vectorbt": rate / peer,
        "times_vectorbt_with_startups": computed / wall / (computed / (computed / peer + peer_startup)),
        "kernel_startup_seconds": kernel_startup,
        "vectorbt_startup_seconds": peer_startup,
        "question_seconds": asked,
        "driver_bytes": memory["driver"],
        "workers_bytes": memory["workers"],
        "bytes_a_run": sum(size for size, _ in sizes) / sum(rows for _, rows in sizes),
        "profile": document["profile"],
    }
    tell(verdict)


def tell(verdict: dict[str, Any]) -> None:
    """Print a table and one line of JSON, which is also added to BENCH_JSON."""
    profile = verdict["profile"]
    spent = {**{f"worker {stage}": seconds for stage, seconds in profile["worker"].items()}}
    spent |= {"worker idle": profile["idle"]}
    spent |= {f"driver {stage}": seconds for stage, seconds in profile["driver"].items()}
    print(f"\n{verdict['grid']}: {verdict['runs']:,} runs x 10,000 bars")
    for name, value in (verdict | {f"  {stage}, s": seconds for stage, seconds in spent.items()}).items():
        if isinstance(value, float | int):
            print(f"  {name:<32} {value:>16,.2f}")
    print(json.dumps(verdict))
    if target := os.environ.get("BENCH_JSON"):
        with Path(target).open("a") as file:
            file.write(json.dumps(verdict) + "\n")
