"""Trades and equity: of the runs that the configuration keeps, whole, and the same as their metrics."""

import json
from collections.abc import Mapping
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
from tests.e2e.stored import stored

CONFIG: dict[str, Any] = {
    "name": "details",
    "strategy": "sma_cross",
    "symbols": ["AAPL", "GOOG"],
    "timeframe": "1d",
    "start": "2006-01-01",
    "grid": {"fast": [3, 5, 8, 13], "slow": [21, 34, 200]},
    "execution": {"direction": ["long", "both"], "fee_bps": 5.0, "slippage_bps": 2.0, "borrow_rate": 0.01},
    "exits": {"stop_loss": ["off", 0.04]},
    "score": {"sharpe": 1.0, "max_drawdown": -0.5},
}


def swept(lake: Lake, client: Client, details: Mapping[str, Any], **changes: Any) -> Sweep:
    return sl.run({**CONFIG, **changes, "details": dict(details)}, lake=lake, client=client)


@pytest.fixture(scope="module")
def whole(demo_lake: Lake, client: Client) -> Sweep:
    return swept(demo_lake, client, {"keep": "all"})


def test_nothing_is_kept_when_nothing_is_asked(demo_lake: Lake, client: Client) -> None:
    sweep = swept(demo_lake, client, {"keep": "none"})
    assert len(stored(demo_lake, "metrics", sweep.sweep_id)) == 96
    for table in ("details", "trades", "equity"):
        assert stored(demo_lake, table, sweep.sweep_id).empty


@pytest.mark.parametrize("metric", ["sharpe", "max_drawdown", "composite_score"])
@pytest.mark.parametrize("per", [["strategy", "symbol"], []])
def test_the_winners_are_those_that_pandas_finds(
    demo_lake: Lake, client: Client, metric: str, per: list[str]
) -> None:
    details = {"n": 3, "metric": metric, "min_trades": 20, "per": per}
    sweep = swept(demo_lake, client, details)
    runs = stored(demo_lake, "metrics", sweep.sweep_id)
    runs["composite_score"] = runs["sharpe"] - 0.5 * runs["max_drawdown"]
    eligible = runs[(runs["num_trades"] >= 20) & runs[metric].notna()]
    ordered = eligible.sort_values([metric, "run_id"], ascending=[metric == "max_drawdown", True])
    best = ordered.groupby(per).head(3) if per else ordered.head(3)
    assert len(best) == (6 if per else 3)
    for table in ("details", "trades", "equity"):
        assert set(stored(demo_lake, table, sweep.sweep_id)["run_id"]) == set(best["run_id"])


def test_a_winner_has_the_same_details_as_when_all_are_kept(
    whole: Sweep, demo_lake: Lake, client: Client
) -> None:
    sweep = swept(demo_lake, client, {"n": 2})
    for table, order in (("trades", "trade"), ("equity", "time")):
        mine = stored(demo_lake, table, sweep.sweep_id).drop(columns="sweep_id")
        theirs = stored(demo_lake, table, whole.sweep_id).drop(columns="sweep_id")
        theirs = theirs[theirs["run_id"].isin(mine["run_id"])]
        pd.testing.assert_frame_equal(
            mine.sort_values(["run_id", order], ignore_index=True),
            theirs.sort_values(["run_id", order], ignore_index=True),
        )


def test_trades_and_equity_are_whole_and_agree_with_the_metrics(whole: Sweep, demo_lake: Lake) -> None:
    runs = stored(demo_lake, "metrics", whole.sweep_id).set_index("run_id").sort_index()
    details = stored(demo_lake, "details", whole.sweep_id).set_index("run_id").sort_index()
    trades, equity = (stored(demo_lake, table, whole.sweep_id) for table in ("trades", "equity"))
    assert details.index.equals(runs.index)
    count = trades.groupby("run_id").size().reindex(runs.index, fill_value=0)
    assert (count == runs["num_trades"]).all()
    assert (count == details["trades"]).all()
    numbers = trades.sort_values(["run_id", "trade"]).groupby("run_id")["trade"]
    assert all(list(own) == list(range(1, len(own) + 1)) for _, own in numbers)
    assert (equity.groupby("run_id").size() == runs["n_bars"]).all()
    assert (details["equity_rows"] == runs["n_bars"]).all()
    curves = equity.sort_values(["run_id", "time"]).groupby("run_id")
    np.testing.assert_allclose(curves["equity"].last(), runs["final_equity"], rtol=1e-12)
    pnl = trades.groupby("run_id")["pnl"].sum().reindex(runs.index, fill_value=0.0)
    np.testing.assert_allclose(pnl, runs["final_equity"] - 100_000.0, rtol=1e-9, atol=1e-6)
    fees = trades.groupby("run_id")["fees"].sum().reindex(runs.index, fill_value=0.0)
    np.testing.assert_allclose(fees, runs["total_fees"], rtol=1e-9)
    np.testing.assert_allclose(curves["drawdown"].max(), runs["max_drawdown"], rtol=1e-9, atol=1e-12)
    assert (trades["symbol"] == trades["run_id"].map(runs["symbol"])).all()


def test_indicators_at_entry_and_exit_are_those_of_the_signal(whole: Sweep, demo_lake: Lake) -> None:
    runs = stored(demo_lake, "metrics", whole.sweep_id).set_index("run_id")
    trades = stored(demo_lake, "trades", whole.sweep_id)
    bars = load_bars(demo_lake.tables.snapshot(["bars"]), "AAPL", "1d")
    ind, place = Indicators(bars), {time: bar for bar, time in enumerate(bars.time.tolist())}
    mine = trades[(trades["symbol"] == "AAPL") & (trades["exit_reason"] == "signal")].sample(
        60, random_state=0
    )
    for trade in mine.itertuples():
        run = runs.loc[trade.run_id]
        entry = json.loads(trade.entry_indicators)
        bar = place[trade.entry_time.value // 1000] - 1
        assert entry["sma_fast"] == ind.sma(int(run["param_fast"]))[bar]
        assert entry["sma_slow"] == ind.sma(int(run["param_slow"]))[bar]
        assert (entry["sma_fast"] > entry["sma_slow"]) == (trade.side == "long")
        leaving = json.loads(trade.exit_indicators)
        bar = place[trade.exit_time.value // 1000]
        assert leaving["sma_fast"] in ind.sma(int(run["param_fast"]))[bar - 1 : bar + 1]


def test_with_close_fills_indicators_are_those_of_the_fill_itself(demo_lake: Lake, client: Client) -> None:
    sweep = swept(demo_lake, client, {"keep": "all"}, symbols=["GOOG"], execution={"fill": "close"}, exits={})
    trades = stored(demo_lake, "trades", sweep.sweep_id)
    runs = stored(demo_lake, "metrics", sweep.sweep_id).set_index("run_id")
    bars = load_bars(demo_lake.tables.snapshot(["bars"]), "GOOG", "1d")
    ind, place = Indicators(bars), {time: bar for bar, time in enumerate(bars.time.tolist())}
    for trade in trades.sample(40, random_state=0).itertuples():
        fast = ind.sma(int(runs.loc[trade.run_id]["param_fast"]))
        assert json.loads(trade.entry_indicators)["sma_fast"] == fast[place[trade.entry_time.value // 1000]]
        assert json.loads(trade.exit_indicators)["sma_fast"] == fast[place[trade.exit_time.value // 1000]]
