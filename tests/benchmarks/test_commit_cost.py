"""What a commit costs when many blocks were committed, never compacted or compacted on the way.

BENCH_COMMITTED_BLOCKS is how many blocks (default 5000; docs/maintenance.md has those of 100000), one
file each, 256 a commit. The files are named and not written: it is the log that is measured.
"""

import json
import os
import statistics
import time
import uuid
from pathlib import Path

import pytest

from lake.commits import Fence, commit
from lake.lake import Lake, open_lake
from lake.maintenance import fenced
from lake.receipts import FileReceipt
from lake.snapshot import delta_table

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

BLOCKS = int(os.environ.get("BENCH_COMMITTED_BLOCKS", "5000"))
BLOCKS_A_COMMIT = 256
SYMBOLS = 40
COMPACTED_EVERY = 4096
MOST_GROWTH = 2.0
LAST = 50
"""Commits that a figure is of: from one checkpoint to the next."""
RANKING = ("total_return", "cagr", "sharpe", "sortino", "calmar", "omega", "max_drawdown", "num_trades")
BOUNDS = {"sweep_id": "20260102T000000000-abcdef", "run_id": "0" * 32, **dict.fromkeys(RANKING, 1.5)}
STATISTICS = json.dumps(
    {"numRecords": 1000, "minValues": BOUNDS, "maxValues": BOUNDS, "nullCount": dict.fromkeys(BOUNDS, 0)}
)


def named(place: int, *, dense: bool = False) -> FileReceipt:
    partition = {"strategy": "s", "symbol": f"S{place % SYMBOLS}", "date": "2026-01-02"}
    folder = "/".join(f"{name}={value}" for name, value in partition.items())
    mark = "-dense" if dense else ""
    path = f"{folder}/abcdef01-{uuid.uuid4().hex}{mark}-{'0' * 32}.parquet"
    now = time.time()  # nobody asks for a young file: there is none
    return FileReceipt("metrics", path, 300_000, 1000, partition, STATISTICS, "0" * 64, written_at=now)


def merge(lake: Lake) -> None:
    """Swap all files for one a symbol, as compaction does."""
    state = fenced(lake, "metrics")
    state.commit([named(place, dense=True) for place in range(SYMBOLS)], state.snapshot.files)


def milliseconds(lake: Lake) -> float:
    """Return how long the table's log takes to load, the best of three."""
    rounds = []
    for _ in range(3):
        since = time.perf_counter()
        delta_table(lake.storage, "metrics")
        rounds.append((time.perf_counter() - since) * 1000)
    return min(rounds)


@pytest.mark.parametrize("compacted", [True, False])
def test_commit_cost(tmp_path: Path, *, compacted: bool) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    told = {1_000, 10_000, 100_000, BLOCKS}
    times: list[float] = []
    cost: dict[int, float] = {}
    print(f"\n{BLOCKS:,} blocks, {'compacted on the way' if compacted else 'never compacted'}")
    for done in range(0, BLOCKS, BLOCKS_A_COMMIT):
        adds = [named(done + place) for place in range(BLOCKS_A_COMMIT)]
        since = time.perf_counter()
        commit(lake, "metrics", adds, fence=Fence("w", done + 1))
        times.append((time.perf_counter() - since) * 1000)
        committed = done + BLOCKS_A_COMMIT
        for mark in sorted(mark for mark in told if mark <= committed):
            told.remove(mark)
            cost[mark] = statistics.median(times[-LAST:])
            files = len(fenced(lake, "metrics").snapshot.files)
            print(
                f"  {committed:>8,} blocks, {files:>8,} files: {cost[mark]:6.1f} ms a commit (median), "
                f"{statistics.mean(times[-LAST:]):6.1f} with its share of a checkpoint, "
                f"{milliseconds(lake):8.1f} ms to load the log"
            )
        if compacted and committed % COMPACTED_EVERY == 0:
            merge(lake)
    assert cost[BLOCKS] <= MOST_GROWTH * cost[1_000]
