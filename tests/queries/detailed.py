"""Runs with details, written down by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from lake.lake import Lake
from lake.schemas import TABLES
from tests.queries.conftest import put

PLACE = {"strategy": "cross", "symbol": "AAA", "date": "2026-01-02"}
Bar = tuple[str, float]
"""Time and equity at the close."""
Trade = tuple[str, str, str, float]
"""Entry, exit, exit reason and pnl; ten units at 100 each."""


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def rows(table: str, columns: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of a table; what is not given is NULL."""
    return pa.Table.from_pylist([dict(row) for row in columns], schema=TABLES[table].file_schema)


def detailed_run(
    run: str, sweep: str, bars: Sequence[Bar], trades: Sequence[Trade] = (), *, capital: float = 1000.0
) -> dict[str, pa.Table]:
    """Everything that is stored of a run, by table."""
    key = {"sweep_id": sweep, "run_id": run}
    equity = np.array([value for _, value in bars])
    losses = 1.0 - equity / np.maximum(np.maximum.accumulate(equity), capital)
    final = float(equity[-1])
    return {
        "metrics": rows(
            "metrics",
            [{**key, "role": "full", "total_return": final / capital - 1, "final_equity": final}],
        ),
        "equity": rows(
            "equity",
            [
                {**key, "time": at(time), "equity": value, "drawdown": loss}
                for (time, value), loss in zip(bars, losses.tolist(), strict=True)
            ],
        ),
        "trades": rows(
            "trades",
            [
                {
                    **key,
                    "trade": number,
                    "side": "long",
                    "entry_time": at(entry),
                    "exit_time": at(left),
                    "entry_price": 100.0,
                    "quantity": 10.0,
                    "pnl": pnl,
                    "return": pnl / 1000.0,
                    "bars_held": number,
                    "exit_reason": reason,
                }
                for number, (entry, left, reason, pnl) in enumerate(trades, 1)
            ],
        ),
        "details": rows("details", [{**key, "trades": len(trades), "equity_rows": len(bars)}]),
    }


def put_detailed(lake: Lake, tables: Mapping[str, pa.Table]) -> None:
    """Commit a run, its details last."""
    for name, found in tables.items():
        put(lake, name, found, **PLACE)
