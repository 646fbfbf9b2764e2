"""A year of daily sweeps, 5 strategies x 40 symbols: files, bytes, query times before and after maintenance.

BENCH_DAYS is how many trading days (default 10, a year is 250). A day's sweep stores 20 runs a strategy and
symbol; rows are real runs' with ids of their own. A file a partition and a commit a sweep, as a
driver writes them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pytest

import sweeplake as sl
from lake.commits import commit
from lake.lake import Lake, open_lake
from lake.receipts import FileReceipt
from lake.sweep_log import record_state
from lake.writer import write_rows
from queries.catalog import Catalog
from queries.filters import Filters
from queries.search import best, search

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

DAYS = int(os.environ.get("BENCH_DAYS", "10"))
STRATEGIES, SYMBOLS, RUNS = 5, 40, 20
FIRST_DAY = datetime(2025, 1, 2, 18, tzinfo=UTC)
REPEATS, LONG_SECONDS = 5, 20.0
"""A question is asked so often, or until it took so long."""
SWEEP = {
    "name": "a year",
    "strategy": "sma_cross",
    "symbols": ["AAPL"],
    "timeframe": "1d",
    "grid": {"fast": {"start": 2, "stop": 41, "step": 1}, "slow": {"start": 50, "stop": 145, "step": 5}},
    "details": {"keep": "none"},
}


def test_a_year_of_daily_sweeps(tmp_path: Path) -> None:
    rows = _real_rows(tmp_path)
    lake = open_lake(str(tmp_path / "lake"))
    lake.create()
    began = time.monotonic()
    for day in range(DAYS):
        _sweep_day(lake, rows, day)
    written = time.monotonic() - began
    before = _looked_at(lake)
    began = time.monotonic()
    for words in (("compact", "--months"), ("vacuum", "--older-than", "0m", "--force")):
        done = subprocess.run(
            [sys.executable, "-m", "sweeplake", *words, "--lake", lake.url],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    maintained = time.monotonic() - began
    after = _looked_at(lake)
    assert before["runs"] == after["runs"] == DAYS * STRATEGIES * SYMBOLS * RUNS
    assert before["top"] == after["top"]
    assert after["files"] < before["files"]
    print(
        f"\n{DAYS} days, {before['runs']:,} runs:"
        f" written in {written:,.0f} s, maintained in {maintained:,.0f} s"
    )
    for name in (key for key in before if key != "top"):
        print(f"  {name:<24} {before[name]:>14,.1f} {after[name]:>14,.1f}")
    print(json.dumps({"name": "a year", "days": DAYS, "before": before, "after": after}, default=str))


def _real_rows(folder: Path) -> pa.Table:
    """Return rows of `metrics` of a real sweep, without the partition columns."""
    lake = sl.open(str(folder / "real"))
    sl.ingest(["AAPL"], lake=lake, source="demo")
    sl.run(SWEEP, lake=lake)
    return lake.refresh().tables.snapshot(["metrics"]).read("metrics").drop(["strategy", "symbol", "date"])


def _sweep_day(lake: Lake, rows: pa.Table, day: int) -> None:
    moment = FIRST_DAY + timedelta(days=day * 7 / 5)
    for strategy in range(STRATEGIES):
        rng = np.random.default_rng((day, strategy))
        sweep_id = f"{moment:%Y%m%dT%H%M%S}000-{strategy:06x}"
        state = {"sweep_id": sweep_id, "status": "finished", "started_at": moment, "runs": SYMBOLS * RUNS}
        state |= {
            "name": "daily",
            "strategy": f"strategy_{strategy}",
            "computed": SYMBOLS * RUNS,
            "failed": 0,
        }
        record_state(lake, state)
        files: list[FileReceipt] = []
        for symbol in range(SYMBOLS):
            part = rows.take(rng.choice(rows.num_rows, RUNS, replace=False))
            ids = [
                f"{strategy:04x}{symbol:04x}{day:08x}{value:016x}"
                for value in rng.integers(1 << 60, size=RUNS)
            ]
            columns = {"sweep_id": [sweep_id] * RUNS, "run_id": ids, "created_at": [moment] * RUNS}
            for name, values in columns.items():
                field = part.schema.field(name)
                part = part.set_column(part.schema.get_field_index(name), field, pa.array(values, field.type))
            where = {
                "strategy": f"strategy_{strategy}",
                "symbol": f"S{symbol:02}",
                "date": f"{moment:%Y-%m-%d}",
            }
            files.append(write_rows(lake.storage, "metrics", part, where, quick=True))
        commit(lake, "metrics", files)


def _looked_at(lake: Lake) -> dict[str, object]:
    """Return counts, bytes a run, and medians of query times in milliseconds."""
    began = time.monotonic()
    with Catalog(lake) as catalog:
        opened = (time.monotonic() - began) * 1e3
        files = catalog.snapshot["metrics"].files
        runs = catalog.rows("select count(*) as n from metrics")[0]["n"]
        top = best(catalog, Filters(), n=10)["run_id"].to_pylist()
        one = Filters(strategy="strategy_3", symbol="S07", min_sharpe=0.1, min_trades=5)
        return {
            "files": len(files),
            "runs": runs,
            "bytes a run": sum(file.size_bytes for file in files) / runs,
            "open, ms": opened,
            "top 10, ms": _milliseconds(lambda: best(catalog, Filters(), n=10)),
            "search, ms": _milliseconds(lambda: search(catalog, one, limit=100)),
            "count by strategy, ms": _milliseconds(
                lambda: catalog.rows(
                    "select strategy, count(*), median(sharpe) from metrics group by strategy"
                )
            ),
            "one run, ms": _milliseconds(
                lambda: catalog.rows("select * from metrics where run_id = $1", [top[0]])
            ),
            "top": top,
        }


def _milliseconds(ask: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.monotonic()
        ask()
        times.append((time.monotonic() - began) * 1e3)
        if sum(times) > LONG_SECONDS * 1e3:
            break
    return median(times)
