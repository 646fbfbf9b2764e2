"""A tiered lake: all metrics, and the details of the best 50 of each symbol, against all details kept.

BENCH_TIERED_RUNS is how many runs a symbol has (default 1000), on the real daily bars of four stocks. Both
lakes are compacted before they are measured.
"""

import os
import time
from pathlib import Path
from statistics import median

import pytest

import sweeplake as sl
from lake.compact import compact_table
from lake.compaction import COMPACTED, CompactionSettings
from lake.lake import Lake
from lake.policy import Details, Policy
from lake.remove import remove
from lake.schemas import COMMIT_ORDER
from queries.catalog import Catalog
from sweeplake.retention import plan_retention

pytestmark = pytest.mark.bench

RUNS = int(os.environ.get("BENCH_TIERED_RUNS", "1000"))
SYMBOLS = ["AAPL", "GOOG", "IBM", "MSFT"]
TOP = 50
OPENED = 30
SLOWS = 50
LEAST_SAVED = 0.9
SWEEP = {
    "name": "tiered",
    "strategy": "sma_cross",
    "symbols": "*",
    "timeframe": "1d",
    "grid": {
        "fast": {"start": 2, "stop": 1 + RUNS // SLOWS, "step": 1},
        "slow": {"start": 61, "stop": 60 + SLOWS, "step": 1},
    },
    "execution": {"fee_bps": 5.0},
    "details": {"keep": "all"},
}


def test_a_tiered_lake_against_all_details(tmp_path: Path) -> None:
    with sl.open(str(tmp_path / "lake")) as opened:
        sl.ingest(SYMBOLS, lake=opened, source="demo")
        outcome = sl.run(SWEEP, lake=opened).outcome
    lake = opened.tables
    assert outcome is not None
    assert outcome.runs == RUNS // SLOWS * SLOWS * len(SYMBOLS)
    compact(lake)
    everything, milliseconds = sizes(lake), opening(lake)
    begun = time.perf_counter()
    plan = plan_retention(lake, Policy(details=Details(TOP, ("symbol",))))
    planned = time.perf_counter()
    remove(lake, plan)
    removed = time.perf_counter()
    compact(lake)
    tiered, tiered_milliseconds = sizes(lake), opening(lake)
    print(f"\n{outcome.runs:,} runs: bytes with all details, and with the best {TOP} of each symbol")
    for table in everything:
        print(f"  {table:<8} {everything[table]:>14,} {tiered[table]:>14,}")
    whole, left = sum(everything.values()), sum(tiered.values())
    print(
        f"  all      {whole:>14,} {left:>14,}, {1 - left / whole:.1%} saved, {whole / left:.1f} times smaller"
    )
    print(f"  the plan took {planned - begun:.2f} s, the removal {removed - planned:.2f} s")
    print(f"  opening a reader: {milliseconds:.1f} ms with all details, {tiered_milliseconds:.1f} ms tiered")
    with Catalog(lake) as catalog:
        counts = catalog.rows("select symbol, count(*) as n from details group by symbol order by symbol")
        assert counts == [{"symbol": symbol, "n": TOP} for symbol in SYMBOLS]
        assert catalog.rows("select count(*) as n from metrics")[0]["n"] == outcome.runs
    assert 1 - left / whole >= LEAST_SAVED


def compact(lake: Lake) -> None:
    for table in COMPACTED:
        compact_table(lake, table, CompactionSettings())


def sizes(lake: Lake) -> dict[str, int]:
    snapshot = lake.snapshot()
    return {table: sum(file.size_bytes for file in snapshot[table].files) for table in COMMIT_ORDER}


def opening(lake: Lake) -> float:
    """Return the milliseconds from nothing to the answer of a first question, the median of many."""
    taken = []
    for _ in range(OPENED):
        begun = time.perf_counter()
        with Catalog(lake) as catalog:
            catalog.rows("select max(sharpe) as best from metrics")
        taken.append((time.perf_counter() - begun) * 1e3)
    return median(taken)
