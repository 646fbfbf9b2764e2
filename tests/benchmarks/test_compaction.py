"""Compaction of many small files against a bare pyarrow read, sort and write of the same bytes.

BENCH_COMPACTED_RUNS is how many runs (default 40000, the figures in docs/maintenance.md are of 1000000), a
hundred a file.
"""

import multiprocessing
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sweeplake as sl
from lake.commits import commit
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.encoding import ROW_GROUP_ROWS, writer_options
from lake.lake import Lake, open_lake
from lake.schemas import TABLES
from lake.writer import write_rows
from tests.benchmarks.stored_runs import more_runs, real_runs

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

RUNS = int(os.environ.get("BENCH_COMPACTED_RUNS", "40000"))
RUNS_A_FILE = 100
SYMBOLS = ("AAPL", "GOOG")
MOST_MEMORY_MB = 1024
MOST_TIMES_BARE = 2.0
COMMITTED_FILES = 256
QUERIES = {
    "top 10": "select run_id, sharpe from metrics where num_trades >= 5 order by sharpe desc limit 10",
    "lookup": "select * from metrics where run_id = $run_id",
    "summary": "select symbol, count(*), median(sharpe), max(calmar) from metrics group by all order by 1",
}


def fill(lake: Lake, bars: "sl.Lake", folder: Path) -> str:
    random = np.random.default_rng(0)
    for symbol in SYMBOLS:
        partition = {"strategy": "sma_cross", "symbol": symbol, "date": "2026-01-02"}
        receipts = []
        for rows in more_runs(real_runs(bars, symbol, folder), RUNS // len(SYMBOLS), RUNS_A_FILE, random):
            receipts.append(write_rows(lake.storage, "metrics", rows, partition, quick=True))
        for start in range(0, len(receipts), COMMITTED_FILES):
            commit(lake, "metrics", receipts[start : start + COMMITTED_FILES])
    return str(rows.column("run_id")[0])


def alone(work: Callable[..., Any], *arguments: Any) -> tuple[float, float]:
    """Return the seconds and the peak memory in MB of work in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, arguments))


def _measured(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[float, float]:
    since = time.perf_counter()
    work(*arguments)
    seconds = time.perf_counter() - since
    # Not getrusage: its peak counts the process that started this one.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return seconds, int(peak.group(1)) / 1024


def bare(groups: Mapping[str, list[str]], folder: str) -> None:
    for symbol, paths in groups.items():
        rows = pa.concat_tables([pq.read_table(path, partitioning=None) for path in paths])
        rows = rows.sort_by([(name, "ascending") for name in TABLES["metrics"].sort_by])
        file = f"{folder}/{symbol}.parquet"
        pq.write_table(rows, file, row_group_size=ROW_GROUP_ROWS, **writer_options(rows))


def compacted(url: str) -> None:
    compact_table(open_lake(url), "metrics", CompactionSettings())


def asked(url: str, run_id: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the milliseconds of each query, the best of three, and its answer."""
    times, answers = {}, {}
    with sl.open(url) as lake:
        for name, text in QUERIES.items():
            bound = {"run_id": run_id} if "$run_id" in text else None
            rounds = []
            for _ in range(3):
                since = time.perf_counter()
                answers[name] = lake.catalog.rows(text, bound)
                rounds.append((time.perf_counter() - since) * 1000)
            times[name] = min(rounds)
    return times, answers


def test_compaction_of_small_files(tmp_path: Path) -> None:
    bars = sl.open(str(tmp_path / "lake"))
    sl.ingest(list(SYMBOLS), lake=bars, source="demo")
    lake = bars.tables
    run_id = fill(lake, bars, tmp_path)
    before = lake.snapshot(["metrics"])["metrics"].files
    times_before, answers_before = asked(lake.url, run_id)
    groups: dict[str, list[str]] = {symbol: [] for symbol in SYMBOLS}
    for file in before:
        groups[file.partition["symbol"]].append(lake.storage.path(f"metrics/{file.path}"))
    bare_seconds, bare_memory = alone(bare, groups, str(tmp_path))
    bare_size = sum((tmp_path / f"{symbol}.parquet").stat().st_size for symbol in SYMBOLS)
    seconds, memory = alone(compacted, lake.url)
    after = lake.snapshot(["metrics"])["metrics"].files
    times_after, answers_after = asked(lake.url, run_id)
    size_before, size = (sum(file.size_bytes for file in files) for files in (before, after))
    print(f"\n{RUNS:,} runs in {len(before):,} files of {size_before / 1e6:,.1f} MB")
    print(
        f"  bare pyarrow  {bare_seconds:7.1f} s {bare_memory:6,.0f} MB  {bare_size / RUNS:6.1f} bytes a run"
    )
    print(f"  compaction    {seconds:7.1f} s {memory:6,.0f} MB  {size / RUNS:6.1f} bytes a run")
    print(f"  {seconds / bare_seconds:.2f} times bare; {len(after)} files, {size_before / RUNS:.1f} before")
    for name in QUERIES:
        print(f"  {name:<10} {times_before[name]:9.1f} ms before {times_after[name]:9.1f} ms after")
    assert sum(file.rows for file in after) == sum(file.rows for file in before) == RUNS
    assert answers_after["top 10"] == answers_before["top 10"]
    assert answers_after["lookup"] == answers_before["lookup"]
    assert answers_after["summary"] == answers_before["summary"]
    assert memory <= MOST_MEMORY_MB
    assert seconds <= MOST_TIMES_BARE * bare_seconds
