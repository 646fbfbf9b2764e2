"""Samples, windows, overrides, renames and swept settings, all the way to the stored rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from sweeps.bars.store import load_bars
from sweeps.strategies.indicators import Indicators
from tests.e2e.market import made_lake
from tests.e2e.stored import metrics_of, stored

CONFIG: dict[str, Any] = {
    "name": "settings",
    "strategy": "sma_cross",
    "symbols": ["AAPL"],
    "timeframe": "1d",
    "grid": {"fast": [5, 10], "slow": [20, 200]},
    "details": {"keep": "none"},
}


def swept(lake: Lake, client: Client, **changes: Any) -> Sweep:
    return sl.run({**CONFIG, **changes}, lake=lake, client=client, fresh=True)


@pytest.mark.parametrize("method", ["random", "sobol", "latin_hypercube"])
def test_a_sample_runs_distinct_cells_that_pass_where_and_the_same_ones_again(
    demo_lake: Lake, client: Client, method: str
) -> None:
    changes = {
        "grid": {"fast": {"start": 2, "stop": 40, "step": 1}, "slow": {"start": 5, "stop": 200, "step": 5}},
        "where": "fast < slow",
        "sample": {"method": method, "n": 100, "seed": 7},
    }
    runs = metrics_of(swept(demo_lake, client, **changes))
    again = metrics_of(swept(demo_lake, client, **changes))
    other = metrics_of(
        swept(demo_lake, client, **{**changes, "sample": {"method": method, "n": 100, "seed": 8}})
    )
    assert len(runs) == 100
    assert not runs.duplicated(["param_fast", "param_slow"]).any()
    assert (runs["param_fast"] < runs["param_slow"]).all()
    pd.testing.assert_frame_equal(runs, again, check_exact=True)
    assert set(other.index) != set(runs.index)
    shared = sorted(set(other.index) & set(runs.index))
    pd.testing.assert_frame_equal(other.loc[shared], runs.loc[shared], check_exact=True)


def test_a_sampled_run_is_the_run_of_the_whole_grid(demo_lake: Lake, client: Client) -> None:
    whole = metrics_of(swept(demo_lake, client))
    some = metrics_of(swept(demo_lake, client, sample={"method": "random", "n": 2, "seed": 1}))
    pd.testing.assert_frame_equal(some, whole.loc[some.index], check_exact=True)


def test_bars_before_the_window_warm_the_averages_up(demo_lake: Lake, client: Client) -> None:
    sweep = swept(demo_lake, client, start="2005-01-01", end="2008-01-01", details={"keep": "all"})
    runs = stored(demo_lake, "metrics", sweep.sweep_id)
    equity = stored(demo_lake, "equity", sweep.sweep_id)
    bars = load_bars(demo_lake.tables.snapshot(["bars"]), "AAPL", "1d")
    days = pd.to_datetime(bars.time, unit="us", utc=True)
    inside = (days >= "2005-01-01") & (days < "2008-01-01")
    assert set(runs["n_bars"]) == {inside.sum()}
    assert set(runs["period_start"]) == {days[inside][0]}
    assert set(runs["period_end"]) == {days[inside][-1]}
    assert sorted(equity["time"].unique()) == sorted(days[inside])
    slow = runs[(runs["param_slow"] == 200) & (runs["param_fast"] == 5)].iloc[0]
    trades = stored(demo_lake, "trades", sweep.sweep_id)
    first = trades[trades["run_id"] == slow["run_id"]].sort_values("trade").iloc[0]
    ind, begin = Indicators(bars), int(np.flatnonzero(inside)[0])
    above = ind.sma(5) > ind.sma(200)
    assert above[begin], "the average is known, and crossed, at the window's first bar"
    assert first["entry_time"] == days[begin + 1]
    assert first["entry_price"] == bars.open[begin + 1]


def test_an_own_count_of_periods_a_year_scales_and_names_another_run(demo_lake: Lake, client: Client) -> None:
    usual = metrics_of(swept(demo_lake, client))
    other = metrics_of(swept(demo_lake, client, execution={"periods_per_year": 63}))
    assert set(usual["periods_per_year"]) == {252.0}
    assert set(other["periods_per_year"]) == {63.0}
    assert not set(usual.index) & set(other.index)
    keys = ["param_fast", "param_slow"]
    both = usual.merge(other, on=keys, suffixes=("", "_other"))
    np.testing.assert_allclose(both["sharpe"], both["sharpe_other"] * 2.0, rtol=1e-9)
    np.testing.assert_allclose(both["total_return"], both["total_return_other"], rtol=0)


def test_swept_settings_land_in_parameter_columns(demo_lake: Lake, client: Client) -> None:
    runs = metrics_of(
        swept(
            demo_lake,
            client,
            execution={"fee_bps": [0.0, 10.0], "direction": ["long", "short", "both"], "fee_fixed": 1.0},
            exits={"take_profit": ["off", 0.1], "max_bars": 40},
        )
    )
    assert len(runs) == 4 * 2 * 3 * 2
    assert runs["param_fee_bps"].value_counts().to_dict() == {0.0: 24, 10.0: 24}
    assert runs["param_direction"].value_counts().to_dict() == {"long": 16, "short": 16, "both": 16}
    assert runs["param_take_profit"].isna().sum() == 24
    assert set(runs["param_max_bars"]) == {40.0}
    assert "param_fee_fixed" not in runs
    keys = ["param_fast", "param_slow", "param_direction"]
    untargeted = runs[runs["param_take_profit"].isna() & (runs["num_trades"] > 0)]
    fees = untargeted.pivot_table(index=keys, columns="param_fee_bps", values="total_fees")
    assert (fees[10.0] > fees[0.0]).all()


def test_a_renamed_column_holds_the_parameter(demo_lake: Lake, client: Client) -> None:
    sweep = swept(demo_lake, client, columns={"fast": "quick"})
    runs = metrics_of(sweep)
    assert sorted(runs["param_quick"].unique()) == [5.0, 10.0]
    assert "param_fast" not in runs or runs["param_fast"].isna().all()
    assert set(runs.index) == set(metrics_of(swept(demo_lake, client)).index)
    shown = sweep.lake.run(sweep.best(1)["run_id"].iloc[0])
    assert set(shown.params) >= {"fast", "slow"}


def test_a_timeframe_may_be_spelt_in_other_units(demo_lake: Lake, client: Client) -> None:
    usual = metrics_of(swept(demo_lake, client))
    pd.testing.assert_frame_equal(metrics_of(swept(demo_lake, client, timeframe="24h")), usual)


def test_intraday_bars_are_swept_with_a_session_end(tmp_path: Any, client: Client) -> None:
    lake = made_lake(tmp_path, {"AAA": 40})
    hours = pd.date_range("2024-01-02", periods=24 * 60, freq="h", tz="UTC")
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.004, len(hours))))
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    frame = pd.DataFrame({"time": hours, **prices, "volume": 1})
    file = tmp_path / "hours.csv"
    frame.to_csv(file, index=False)
    sl.ingest([file], lake=lake, symbol="HHH")
    sweep = swept(
        lake,
        client,
        symbols=["HHH"],
        timeframe="1h",
        exits={"session_end": ["off", "16:00 UTC"]},
        details={"keep": "all"},
    )
    trades = stored(lake, "trades", sweep.sweep_id)
    runs = stored(lake, "metrics", sweep.sweep_id).set_index("run_id")
    at_end = trades[trades["exit_reason"] == "session_end"]
    assert len(at_end) > 20
    assert (at_end["exit_time"].dt.hour == 15).all()
    assert runs.loc[at_end["run_id"], "param_session_end"].notna().all()


def test_block_statistics_can_be_switched_off_and_change_nothing_else(
    demo_lake: Lake, client: Client
) -> None:
    without = metrics_of(swept(demo_lake, client, details={"keep": "none", "block_statistics": False}))
    usual = metrics_of(swept(demo_lake, client))
    blocks = ["block_sums", "block_sumsqs"]
    assert without[blocks].isna().all(axis=None)
    assert all(len(sums) == 16 for name in blocks for sums in usual[name])
    pd.testing.assert_frame_equal(without.drop(columns=blocks), usual.drop(columns=blocks), check_exact=True)


def test_where_the_seconds_of_a_sweep_went_is_told(demo_lake: Lake, client: Client) -> None:
    outcome = swept(demo_lake, client, details={"keep": "top", "n": 1}).outcome
    profile = outcome.profile
    assert profile.workers == 2
    assert {"open", "simulate", "rows", "queue", "encode"} <= set(profile.worker)
    assert set(profile.driver) == {"wait", "commit", "details"}
    assert all(seconds >= 0.0 for seconds in (*profile.worker.values(), *profile.driver.values()))
    assert 0.0 < profile.first_block <= outcome.seconds
    assert sum(profile.driver.values()) <= outcome.seconds
    assert min(profile.worker_bytes, profile.driver_bytes) > 50_000_000
