"""Small sweeps for tests of maintenance: runs, failures, and details that are whole, in real files."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from lake.commits import commit
from lake.lake import Lake
from lake.schemas import COMMIT_ORDER
from lake.sweep_log import record_state
from lake.writer import write_rows

DAY = "2026-01-02"
START = datetime(2026, 1, 2, tzinfo=UTC)
Rows = Mapping[str, list[tuple[str, str]]]


def run_rows(table: str, keys: Sequence[tuple[str, str]], sharpe: Mapping[str, float | None]) -> pa.Table:
    """Rows of some runs, (sweep, run): two trades and three bars a run, one row of the other tables."""
    times = {"trades": 2, "equity": 3}.get(table, 1)
    keys = [key for key in keys for _ in range(times)]
    columns: dict[str, object] = {"sweep_id": [key[0] for key in keys], "run_id": [key[1] for key in keys]}
    places = [place % times for place in range(len(keys))]
    if table == "trades":
        columns |= {"trade": [place + 1 for place in places], "pnl": [float(place) for place in places]}
    if table == "equity":
        columns["time"] = pa.array([START + timedelta(days=at) for at in places], pa.timestamp("us", "UTC"))
        columns["equity"] = [float(len(key[1]) + at) for key, at in zip(keys, places, strict=True)]
    if table == "details":
        columns |= {"trades": [2] * len(keys), "equity_rows": [3] * len(keys)}
    if table == "metrics":
        columns |= {
            "role": ["full"] * len(keys),
            "created_at": pa.array([START] * len(keys), pa.timestamp("us", "UTC")),
            "sharpe": pa.array([sharpe.get(key[1]) for key in keys], pa.float64()),
            "num_trades": pa.array([2] * len(keys), pa.int32()),
        }
    return pa.table(columns)


def put_runs(
    lake: Lake,
    keys: Sequence[tuple[str, str]],
    *,
    tables: Sequence[str] = COMMIT_ORDER,
    sharpe: Mapping[str, float | None] | None = None,
    strategy: str = "s",
    symbol: str = "X",
) -> None:
    """Commit runs, all in one file a table; a table of `failures` gets the same ids with another letter."""
    for table in tables:
        place = {"strategy": strategy, "symbol": symbol, "date": DAY}
        place = {"date": DAY} if table == "failures" else place
        held = [(sweep, f"f{run}") for sweep, run in keys] if table == "failures" else keys
        commit(lake, table, [write_rows(lake.storage, table, run_rows(table, held, sharpe or {}), place)])


def put_sweep(
    lake: Lake,
    sweep: str,
    *,
    status: str = "finished",
    days: float = 0.0,
    strategy: str = "s",
    owner: str = "me",
) -> None:
    """Commit one state of a sweep that started and ended so many days after the start of all."""
    at = START + timedelta(days=days)
    state = {"sweep_id": sweep, "status": status, "started_at": at, "at": at, "seconds": 1.0}
    record_state(lake, state | {"strategy": strategy, "owner": owner, "name": sweep, "config": "{}"})


def held(lake: Lake) -> dict[str, list[dict[str, object]]]:
    """Everything that is visible in the tables of runs, row by row, in an order of its own."""
    snapshot = lake.snapshot(COMMIT_ORDER)
    found = {}
    for table in COMMIT_ORDER:
        rows = snapshot.read(table)
        rows = rows.select(sorted(rows.column_names))
        found[table] = sorted(rows.to_pylist(), key=str)
    return found


def runs_of(lake: Lake, table: str) -> set[tuple[str, str]]:
    """The (sweep, run) pairs that a table shows."""
    rows = lake.snapshot([table]).read(table, columns=["sweep_id", "run_id"]).to_pylist()
    return {(row["sweep_id"], row["run_id"]) for row in rows}
