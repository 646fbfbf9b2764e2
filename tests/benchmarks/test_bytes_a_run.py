"""Bytes a run on disk in one large, dense file, as compaction writes them: real daily bars, averages x exits.

BENCH_STORED_RUNS is how many (default 100000); beside the totals it prints the figure of every column.
"""

import io
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sweeplake as sl
from lake.encoding import encode
from lake.writer import TABLES
from sweeps.execution.compute import compute
from sweeps.execution.context import Place
from sweeps.execution.prepare import prepare
from sweeps.execution.rows import Runs, metric_rows
from sweeps.execution.start import new_context
from sweeps.execution.worker import open_scene
from sweeps.spec.config import parse_config

pytestmark = pytest.mark.bench

RUNS = int(os.environ.get("BENCH_STORED_RUNS", "100000"))
BLOCK = 50_000
MOST_WITHOUT_BLOCKS, MOST = 190, 310
SWEEP = {
    "name": "bytes",
    "strategy": "sma_cross",
    "timeframe": "1d",
    "grid": {
        "fast": {"start": 2, "stop": 60, "step": 1},
        "slow": {"start": 61, "stop": 250, "step": 1},
    },
    "execution": {"fee_bps": 5.0},
    "exits": {
        "stop_loss": ["off", 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15],
        "take_profit": ["off", 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3],
        "trailing_stop": ["off", 0.1],
    },
    "details": {"keep": "none"},
}


@pytest.mark.parametrize("symbol", ["AAPL", "GOOG"])
def test_bytes_a_run(tmp_path: Path, symbol: str) -> None:
    lake = sl.open(str(tmp_path / "lake"))
    sl.ingest([symbol], lake=lake, source="demo")
    prepared = prepare(parse_config({**SWEEP, "symbols": [symbol]}, "bytes"), lake.tables, tmp_path)
    context = new_context(prepared, "20260102T000000000-abcdef", datetime.now(UTC))
    scene = open_scene(context, Place(symbol))
    parts = []
    for lo in range(0, min(RUNS, prepared.runs), BLOCK):
        runs = Runs(context, Place(symbol), prepared.grid.survivors(lo, lo + BLOCK))
        parts.append(metric_rows(runs, compute(scene, prepared.grid, runs.indices), 0.1))
    names = [name for name in TABLES["metrics"].file_schema.names if name in parts[0].column_names]
    further = sorted(set(parts[0].column_names) - set(names))
    rows = pa.concat_tables(parts).select([*names, *further]).sort_by("run_id")
    data = encode(rows)
    sizes: Counter[str] = Counter()
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            sizes[column.path_in_schema.split(".")[0]] += column.total_compressed_size
    blocks = sizes["block_sums"] + sizes["block_sumsqs"]
    print(f"\n{symbol}: {rows.num_rows:,} runs")
    for name, size in sizes.items():
        print(f"  {name:<24} {size / rows.num_rows:>8.2f}")
    whole, without = len(data) / rows.num_rows, (len(data) - blocks) / rows.num_rows
    print(f"  {'all':<24} {whole:>8.2f}\n  {'without block statistics':<24} {without:>8.2f}")
    assert whole <= MOST
    assert without <= MOST_WITHOUT_BLOCKS
