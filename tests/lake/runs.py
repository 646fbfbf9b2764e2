"""Whole runs written into a lake by hand: metrics, trades, equity and details, as a driver commits them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from lake.columns import TIME
from lake.journal import Batch, Journal
from lake.lake import Lake
from lake.ownership import claim, newest_owner
from lake.receipts import FileReceipt
from lake.sweep_log import record_state
from lake.writer import write_rows

START = datetime(2026, 1, 2, tzinfo=UTC)
TRADES, BARS = 2, 5
SWEEP = "20260102T000000000-aaaaaa"


def partition(symbol: str) -> dict[str, str]:
    """Return where runs on a symbol lie."""
    return {"strategy": "s", "symbol": symbol, "date": "2026-01-02"}


def write_runs(
    lake: Lake, ids: Sequence[str], *, sweep: str = SWEEP, symbol: str = "X", detailed: bool = True
) -> list[FileReceipt]:
    """Write the files of some runs, two trades and five bars each; nothing is committed."""
    count = len(ids)
    keys = {"sweep_id": [sweep] * count, "run_id": list(ids)}
    sharpe = [0.5 + place for place in range(count)]
    tables = {"metrics": pa.table({**keys, "role": ["full"] * count, "sharpe": sharpe})}
    if detailed:
        tables["details"] = pa.table({**keys, "trades": [TRADES] * count, "equity_rows": [BARS] * count})
        tables["trades"] = _repeated(sweep, ids, TRADES, "entry_time")
        tables["equity"] = _repeated(sweep, ids, BARS, "time")
    return [write_rows(lake.storage, table, rows, partition(symbol)) for table, rows in tables.items()]


def _repeated(sweep: str, ids: Sequence[str], rows: int, time: str) -> pa.Table:
    times = [START + timedelta(days=row) for _ in ids for row in range(rows)]
    return pa.table(
        {
            "sweep_id": [sweep] * (rows * len(ids)),
            "run_id": [name for name in ids for _ in range(rows)],
            time: pa.array(times, TIME),
        }
    )


def add_runs(
    lake: Lake,
    ids: Sequence[str],
    *,
    number: int = 1,
    sweep: str = SWEEP,
    symbol: str = "X",
    detailed: bool = True,
    epoch: int = 1,
) -> Batch:
    """Commit one batch of runs through the sweep's journal."""
    files = write_runs(lake, ids, sweep=sweep, symbol=symbol, detailed=detailed)
    block = {"phase": "runs", "symbol": symbol, "lo": 0, "hi": len(ids), "runs": len(ids), "failed": 0}
    batch = Batch(epoch, number, (block,), tuple(files))
    if newest_owner(lake, sweep) is None:
        with claim(lake, sweep):
            pass  # it ends at once, so that nobody waits for it
    Journal(lake, sweep, epoch).commit(batch)
    return batch


def end_sweep(lake: Lake, runs: int, *, sweep: str = SWEEP, status: str = "finished") -> None:
    """Record the state of a sweep."""
    counts = {"runs": runs, "computed": runs, "reused": 0, "failed": 0}
    record_state(lake, {"sweep_id": sweep, "status": status, "strategy": "s", "started_at": START, **counts})


def rows_of(lake: Lake, table: str) -> list[str]:
    """Return the run ids of a table's rows, sorted, as often as they are there."""
    return sorted(lake.snapshot([table]).read(table, columns=["run_id"])["run_id"].to_pylist())
