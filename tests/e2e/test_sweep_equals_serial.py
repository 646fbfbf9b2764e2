"""A sweep on real bars through Dask is, run by run, what one process computes in a loop."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from sweeps.execution import blocks
from sweeps.execution.cluster import connected
from sweeps.execution.compute import compute
from sweeps.execution.prepare import prepare
from sweeps.execution.rows import Runs, metric_rows
from sweeps.execution.start import new_context
from sweeps.execution.worker import open_scene
from sweeps.spec.config import parse_config
from tests.e2e.stored import metrics_of

CONFIG = {
    "name": "serial",
    "strategy": "sma_cross",
    "symbols": ["AAPL", "GOOG"],
    "timeframe": "1d",
    "start": "2005-01-01",
    "where": "fast < slow",
    "grid": {"fast": {"start": 2, "stop": 30, "step": 2}, "slow": [10, 20, 50, 200]},
    "execution": {"direction": ["long", "both"], "fee_bps": 5.0, "slippage_bps": 2.0},
    "exits": {"stop_loss": ["off", 0.05], "atr_stop": {"multiple": ["off", 2.0], "period": 14}},
    "details": {"keep": "none"},
}
CELLS = sum(fast < slow for fast in range(2, 31, 2) for slow in (10, 20, 50, 200)) * 2 * 2 * 2


@pytest.fixture(scope="module")
def swept(demo_lake: Lake, client: Client) -> pd.DataFrame:
    return metrics_of(sl.run(CONFIG, lake=demo_lake, client=client))


def serial(lake: Lake) -> pd.DataFrame:
    """Compute every run here, one symbol after the other."""
    prepared = prepare(parse_config(CONFIG, "test"), lake.tables, Path.cwd())
    context = new_context(prepared, "serial", datetime.now(UTC))
    tables = []
    for place in prepared.inputs:
        runs = Runs(context, place, prepared.grid.survivors(0, prepared.grid.raw_size))
        results = compute(open_scene(context, place), prepared.grid, runs.indices)
        rows = metric_rows(runs, results, 0.0).to_pandas()
        tables.append(rows.assign(symbol=place.symbol, strategy="sma_cross"))
    return pd.concat(tables).set_index("run_id").sort_index()


def test_every_run_equals_its_serial_evaluation(swept: pd.DataFrame, demo_lake: Lake) -> None:
    expected = serial(demo_lake)[list(swept.columns)]
    pd.testing.assert_frame_equal(swept, expected, check_exact=True, check_dtype=False)


def test_the_runs_are_the_grid_times_the_symbols(swept: pd.DataFrame) -> None:
    assert len(swept) == 2 * CELLS
    assert swept.index.is_unique
    parameters = [name for name in swept.columns if name.startswith("param_")]
    assert not swept.duplicated(["symbol", *parameters]).any()
    assert (swept["param_fast"] < swept["param_slow"]).all()
    assert sorted(swept["param_fast"].unique()) == list(range(2, 31, 2))
    assert swept.groupby("symbol").size().to_dict() == {"AAPL": CELLS, "GOOG": CELLS}


@pytest.mark.parametrize(("first", "most"), [(1, 7), (5_000, 5_000)])
def test_rows_do_not_depend_on_the_size_of_blocks(
    swept: pd.DataFrame,
    demo_lake: Lake,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    first: int,
    most: int,
) -> None:
    monkeypatch.setattr(blocks, "FIRST_RUNS", first)
    monkeypatch.setattr(blocks, "MOST_RUNS", most)
    again = metrics_of(sl.run(CONFIG, lake=demo_lake, client=client))
    pd.testing.assert_frame_equal(again, swept, check_exact=True)


def test_rows_do_not_depend_on_the_number_of_workers(swept: pd.DataFrame, demo_lake: Lake) -> None:
    with connected(workers=1) as alone:
        again = metrics_of(sl.run(CONFIG, lake=demo_lake, client=alone))
    pd.testing.assert_frame_equal(again, swept, check_exact=True)
