"""A lake of many runs to ask: 5 strategies on 40 symbols, one dense file each, as compaction leaves them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

import sweeplake as sl
from lake.commits import commit
from lake.receipts import FileReceipt
from lake.writer import write_rows
from sweeplake.lake import Lake
from tests.benchmarks.stored_runs import more_runs, real_runs

STRATEGIES = tuple(f"strategy_{number}" for number in range(5))
SYMBOLS = tuple(f"S{number:02d}" for number in range(40))
FILES_A_COMMIT = 20
SOME_RUN = (
    "select * from metrics where strategy = 'strategy_2' and symbol = 'S17' and param_stop_loss is not null "
    "limit 1"
)


def questioned_lake(url: str, folder: Path, runs: int) -> Lake:
    """Return a lake of so many runs, made of real ones by small changes; one sweep a strategy."""
    lake = sl.open(url)
    sl.ingest(source="demo", lake=lake)
    real, written = real_runs(lake, "AAPL", folder), list[FileReceipt]()
    for number, strategy, symbol in places():
        rows = _rows(real, number, runs // (len(STRATEGIES) * len(SYMBOLS)))
        at = {"strategy": strategy, "symbol": symbol, "date": "2026-01-02"}
        written.append(write_rows(lake.tables.storage, "metrics", rows, at))
        if len(written) == FILES_A_COMMIT:
            commit(lake.tables, "metrics", written)
            written.clear()
    return lake.refresh()


def places() -> Iterator[tuple[int, str, str]]:
    """Yield number, strategy and symbol of each file."""
    pairs = [(strategy, symbol) for strategy in STRATEGIES for symbol in SYMBOLS]
    for number, (strategy, symbol) in enumerate(pairs):
        yield number, strategy, symbol


def _rows(real: pa.Table, number: int, count: int) -> pa.Table:
    """Return the runs of a file; symbols differ, so that some files have better ones than others."""
    random = np.random.default_rng(number)
    [rows] = more_runs(real, count, count, random)
    context = f"{random.integers(0, 1 << 63):016x}"
    sharpe = rows.column("sharpe").to_numpy() + random.normal(0, 0.3)
    columns = {
        "run_id": [context + held[16:] for held in rows.column("run_id").to_pylist()],
        "sharpe": pa.array(sharpe, from_pandas=True),
        "sweep_id": [f"2026010{1 + number // len(SYMBOLS)}T000000000-abcdef"] * count,
    }
    for name, column in columns.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(column))
    return rows
