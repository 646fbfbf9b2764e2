"""Questions of small lakes, from their files, beside what the systems that this one replaces tell of theirs.

Theirs are the figures of their documents, measured on their machines; none of them is run here. A store of
60 results (15 symbols, 4 settings of 2 strategies, trades and curves kept) answered in 8.6 to 53.5 ms and
took 23.8 results a second; another saved a run in 50 to 100 ms, loaded it in 20 to 50, and searched the index
of a thousand, without loading any, in less than 1 ms. Medians of nine.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import sweeplake as sl
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.schemas import COMMIT_ORDER
from queries.filters import Filters
from queries.lookup import Lookup, lookup
from queries.search import search
from sweeplake.lake import Lake
from tests.benchmarks.asking import milliseconds

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

SYMBOLS = [f"S{number:02d}" for number in range(15)]
GRIDS = {
    "sma_cross": {"fast": [5, 10], "slow": [50]},
    "rsi_meanrev": {"rsi_period": [7, 14], "oversold": [30]},
}
KEPT = {"timeframe": "1d", "details": {"keep": "all"}}


def lake_of(folder: Path, symbols: list[str]) -> Lake:
    """Return a lake with real daily bars under so many names."""
    lake = sl.open(str(folder / "lake"))
    sl.ingest(["IBM"], source="demo", lake=lake)
    file = folder / "bars.parquet"
    lake.sql("select time, open, high, low, close, volume from bars").write_parquet(str(file))
    for symbol in symbols:
        sl.ingest([file], lake=lake, symbol=symbol, timeframe="1d")
    return lake


def tell(case: str, theirs: float, ask: Callable[[], object]) -> None:
    """Print what a question takes, beside what the document says."""
    ours = milliseconds(ask)
    print(f"{case:<44} {theirs:8.1f} {ours:8.2f} {theirs / ours:8.1f}")
    told = {"benchmark": "small lakes", "case": case, "theirs_ms": theirs, "ours_ms": ours}
    print(json.dumps({**told, "times": theirs / ours}))


@pytest.mark.parametrize("compacted", [False, True])
def test_sixty_results(tmp_path: Path, *, compacted: bool) -> None:
    lake = lake_of(tmp_path, SYMBOLS)
    begun = time.perf_counter()
    for strategy, grid in GRIDS.items():
        sl.run({"name": strategy, "strategy": strategy, "symbols": SYMBOLS, "grid": grid, **KEPT}, lake=lake)
    stored = time.perf_counter() - begun
    if compacted:
        for table in COMMIT_ORDER:
            compact_table(lake.tables, table, CompactionSettings())
    catalog = lake.refresh().catalog
    runs = search(catalog, limit=0).to_pylist()
    assert len(runs) == 60
    some = next(run for run in runs if run["strategy"] == "sma_cross")
    asked = Lookup("sma_cross", some["symbol"], {"fast": some["param_fast"], "slow": some["param_slow"]})
    assert lookup(catalog, [asked]).num_rows == 1
    assert search(catalog, Filters(symbol=some["symbol"]), limit=0).num_rows == 4
    assert search(catalog, Filters(strategy="sma_cross"), limit=0).num_rows == 30
    kept = "compacted" if compacted else "as stored"
    print(f"\n60 results, {kept}; {60 / stored:.1f} stored a second (23.8)")
    print(f"{'ms':<44} {'theirs':>8} {'ours':>8} {'times':>8}")
    tell("all 60", 53.5, lambda: search(catalog, limit=0))
    tell("4 of a symbol", 9.9, lambda: search(catalog, Filters(symbol=some["symbol"]), limit=0))
    tell("30 of a strategy", 29.6, lambda: search(catalog, Filters(strategy="sma_cross"), limit=0))
    tell("one by its parameters", 8.6, lambda: lookup(catalog, [asked]))
    tell("one with its trades and curve", 11.5, lambda: lake.run(some["run_id"]).details)


def test_a_thousand_runs(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, ["S00"])
    grid = {"fast": {"start": 2, "stop": 41, "step": 1}, "slow": {"start": 50, "stop": 74, "step": 1}}
    begun = time.perf_counter()
    sl.run({"name": "k", "strategy": "sma_cross", "symbols": ["S00"], "grid": grid, **KEPT}, lake=lake)
    stored = time.perf_counter() - begun
    catalog = lake.refresh().catalog
    [row] = catalog.rows("select count(*) as runs, any_value(run_id) as run_id from metrics")
    assert row["runs"] == 1_000
    print(f"\n1,000 runs with trades and curves, the sweep's start included: {stored:.2f} ms each (50-100)")
    print(f"{'ms':<44} {'theirs':>8} {'ours':>8} {'times':>8}")
    tell("search", 1.0, lambda: search(catalog, Filters(min_sharpe=0.2)))
    tell("load a run", 20.0, lambda: lake.run(row["run_id"]).details)
