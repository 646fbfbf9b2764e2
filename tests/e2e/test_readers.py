"""Other engines read the lake that a sweep leaves, whatever its symbols are called."""

from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.sweep import Sweep
from tests.e2e.market import made_lake
from tests.e2e.stored import stored

SYMBOLS = ("BTC/USDT", "^GSPC", "ES=F", "Mü 100%")
ROWS = {"metrics": 4 * 6, "details": 4 * 2, "equity": 4 * 2 * 120}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory, client: Client) -> Sweep:
    lake = made_lake(tmp_path_factory.mktemp("readers"), dict.fromkeys(SYMBOLS, 120))
    config = {
        "name": "readers",
        "strategy": "rsi_meanrev",
        "symbols": list(SYMBOLS),
        "timeframe": "1d",
        "grid": {"rsi_period": [2, 3, 5], "oversold": [30, 45], "overbought": [60]},
        "details": {"n": 2, "metric": "total_return", "min_trades": 0},
    }
    return sl.run(config, lake=lake, client=client)


def files_of(sweep: Sweep, table: str) -> list[str]:
    found = sweep.lake.tables.snapshot()[table].files
    return [f"{sweep.lake.url}/{table}/{file.path}" for file in found]


@pytest.mark.parametrize("table", ["bars", "sweeps", "metrics", "trades", "equity", "details"])
def test_every_engine_counts_the_same_rows(sweep: Sweep, table: str) -> None:
    expected = len(sweep.lake.tables.snapshot().read(table))
    assert expected == ROWS.get(table, expected) > 0
    glob = f"{sweep.lake.url}/{table}/**/[!_]*.parquet"
    duck = duckdb.sql(
        f"select count(*) from read_parquet('{glob}', hive_partitioning = true, union_by_name = true)"  # noqa: S608
    )
    assert duck.fetchall() == [(expected,)]
    assert pl.scan_delta(f"{sweep.lake.url}/{table}").collect().height == expected
    files = files_of(sweep, table)
    assert ds.dataset(files, partitioning="hive", partition_base_dir=sweep.lake.url).count_rows() == expected
    assert sum(pq.ParquetFile(file).metadata.num_rows for file in files) == expected


def test_hive_partitions_name_strategy_symbol_and_day(sweep: Sweep) -> None:
    day = sweep.sweep_id[:8]
    root = Path(sweep.lake.url) / "metrics"
    folders = {Path(file).parent.relative_to(root) for file in files_of(sweep, "metrics")}
    expected = {
        f"strategy=rsi_meanrev/symbol={quote(name, safe='')}/date={day[:4]}-{day[4:6]}-{day[6:]}"
        for name in SYMBOLS
    }
    assert {str(folder) for folder in folders} == expected
    rows = duckdb.sql(
        f"select symbol, count(*) from read_parquet('{sweep.lake.url}/metrics/**/*.parquet', "  # noqa: S608
        "hive_partitioning = true) group by symbol"
    )
    assert dict(rows.fetchall()) == dict.fromkeys(SYMBOLS, 6)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_any_symbol_goes_the_whole_way(sweep: Sweep, symbol: str) -> None:
    best = sweep.best(1, metric="total_return", symbol=symbol)
    assert list(best["symbol"]) == [symbol]
    run = sweep.lake.run(best["run_id"].iloc[0])
    assert len(run.equity) == 120
    assert len(run.trades) == run.metrics["num_trades"]
    mine = stored(sweep.lake, "metrics", sweep.sweep_id)
    assert (mine["symbol"] == symbol).sum() == 6
    found = sweep.lake.lookup("rsi_meanrev", symbol, run.params)
    assert list(found["run_id"]) == [run.run_id]
