"""The driver needs the same memory for ten times as many runs."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from sweeplake.lake import Lake
from sweeps.execution import blocks, ledger
from sweeps.execution.driver import drive
from sweeps.execution.prepare import prepare
from sweeps.spec.config import parse_config
from tests.e2e.market import made_lake

ALLOWED_BYTES = 10_000_000
"""The rows of 45,000 runs are more than 25 MB: a driver that kept its receipts would be far above this."""


def peak_bytes(lake: Lake, client: Client, stops: int) -> int:
    """Return the most that Python objects of the driver took during a sweep of 500 x so many runs."""
    config: dict[str, Any] = {
        "name": "memory",
        "strategy": "sma_cross",
        "symbols": ["AAA"],
        "timeframe": "1d",
        "grid": {"fast": {"start": 1, "stop": 20, "step": 1}, "slow": {"start": 1, "stop": 25, "step": 1}},
        "exits": {"stop_loss": {"start": 0.001, "stop": stops / 1000.0, "step": 0.001}},
        "details": {"keep": "none"},
    }
    prepared = prepare(parse_config(config, "memory"), lake.tables, Path.cwd())
    assert prepared.runs == 500 * stops
    tracemalloc.start()
    outcome = drive(prepared, lake.tables, client, fresh=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.computed == 500 * stops
    return peak


def test_ten_times_the_runs_take_the_same_memory(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MOST_RUNS", 500)
    monkeypatch.setattr(ledger, "BATCH_BYTES", 1_000_000)
    lake = made_lake(tmp_path, {"AAA": 40})
    peak_bytes(lake, client, 1)
    few, many = peak_bytes(lake, client, 10), peak_bytes(lake, client, 100)
    assert many < few + ALLOWED_BYTES
