"""Metrics rows of any kind, in small files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lake.commits import commit
from lake.lake import Lake
from lake.receipts import FileReceipt
from lake.writer import write_rows

DAY = {"strategy": "s", "symbol": "A/B", "date": "2026-01-02"}


def metrics(count: int, seed: int = 0, sweep_id: str = "w") -> pa.Table:
    """Return rows with gaps, nested values, and by seed a column that not all have."""
    random = np.random.default_rng(seed)
    sharpe = random.normal(size=count)
    columns: dict[str, Any] = {
        "sweep_id": [sweep_id] * count,
        "run_id": [f"{half:032x}" for half in random.integers(0, 1 << 62, count)],
        "sharpe": pa.array(sharpe, mask=random.random(count) < 0.2),
        "skew": pa.array(sharpe, pa.float32()),
        "block_sums": [None if value < -1 else [value, -0.0] for value in sharpe],
        "param_fast": sharpe.round(1),
    }
    if seed % 2:
        own = [5e-324, -0.0, float("nan"), None] * count
        columns["metric_own"] = pa.array(own[:count], pa.float64())
        columns["param_mode"] = pa.array((["x", None] * count)[:count], pa.string())
    return pa.table(columns)


def write(
    lake: Lake, rows: Sequence[pa.Table], partition: Mapping[str, str] = DAY, *, quick: bool = True
) -> list[FileReceipt]:
    """Write each table of rows as a file of one partition and return the receipts, not committed."""
    return [write_rows(lake.storage, "metrics", table, partition, quick=quick) for table in rows]


def filled(lake: Lake, counts: Sequence[int], days: Sequence[str] = ("2026-01-02",)) -> None:
    """Commit a file of so many rows each, over some days in turn."""
    for place, count in enumerate(counts):
        partition = {**DAY, "date": days[place % len(days)]}
        commit(lake, "metrics", write(lake, [metrics(count, place)], partition))


def rows_of(lake: Lake, table: str = "metrics", *, without: Sequence[str] = ()) -> list[str]:
    """Return every visible row in full digits, sorted; of floats also the sign of zero."""
    rows = lake.snapshot([table]).read(table)
    names = sorted(set(rows.column_names) - set(without))
    return sorted(repr(row) for row in rows.select(names).to_pylist())


def files_of(lake: Lake, table: str = "metrics") -> set[str]:
    """Return the paths of the visible files."""
    return {file.path for file in lake.snapshot([table])[table].files}


def on_disk(lake: Lake, table: str = "metrics") -> set[str]:
    """Return the paths of the Parquet files that lie in a table's partitions."""
    folder = Path(lake.url) / table
    return {str(path.relative_to(folder)) for path in folder.glob("*=*/**/*.parquet")}
