"""SMA crosses with close fills, run by run against vectorbt 1.2.0, which is given our signals.

Conventions that differ, and what is done about it:
- profit_factor without a losing trade is NULL here and inf there; it is compared where both are finite.
- sharpe of equity that never moves is NULL here, inf there.
- vectorbt's stop exits pay no slippage, ours do: slippage is 0 where there are stops.
- vectorbt's max_drawdown is negative, ours is a positive loss.
"""

import numpy as np
import pytest

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG
from sweeps.simulation.kernel import SignalSet, simulate, trace
from tests.crosscheck.market import GRID, MARKETS, always_in_events, long_events, states, window
from tests.crosscheck.vectorbt_peer import peer_runs
from tests.sweeps.simulation.cases import OFF, named, table

WITHIN = 1e-9
PEER_EXITS = {
    "signals_with_costs": {"fees": 5e-4, "slippage": 2e-4},
    "stop": {"fees": 5e-4, "slippage": 0.0, "sl_stop": 0.03},
    "target": {"fees": 5e-4, "slippage": 0.0, "tp_stop": 0.06},
    "stop_and_target": {"fees": 5e-4, "slippage": 0.0, "sl_stop": 0.04, "tp_stop": 0.05},
    "trailing": {"fees": 5e-4, "slippage": 0.0, "sl_stop": 0.05, "sl_trail": True},
    "trailing_and_target": {"fees": 5e-4, "slippage": 0.0, "sl_stop": 0.05, "sl_trail": True, "tp_stop": 0.1},
}
OUR_EXITS = {
    "signals_with_costs": {"slippage_bps": 2.0},
    "stop": {"stop_loss": 0.03},
    "target": {"take_profit": 0.06},
    "stop_and_target": {"stop_loss": 0.04, "take_profit": 0.05},
    "trailing": {"trailing_stop": 0.05},
    "trailing_and_target": {"trailing_stop": 0.05, "take_profit": 0.1},
}


def assert_close(ours: np.ndarray, theirs: np.ndarray, name: str) -> None:
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert not np.isfinite(theirs[~np.isfinite(ours)]).any(), f"{name}: undefined here, a number there"
    assert both.mean() > 0.9, name
    off = np.abs(ours - theirs)[both] / np.maximum(1.0, np.abs(theirs[both]))
    assert off.max() <= WITHIN, f"{name}: {off.max()} at run {GRID[np.flatnonzero(both)[off.argmax()]]}"


def assert_same_trades(run, theirs: np.ndarray) -> None:
    assert run.trades["entry_bar"].tolist() == theirs["entry_idx"].tolist()
    assert run.trades["exit_bar"].tolist() == theirs["exit_idx"].tolist()
    assert run.trades["side"].tolist() == [1 if short == 0 else -1 for short in theirs["direction"]]
    for name, peer in (
        ("entry_price", "entry_price"),
        ("exit_price", "exit_price"),
        ("quantity", "size"),
        ("pnl", "pnl"),
        ("return", "return"),
    ):
        np.testing.assert_allclose(run.trades[name], theirs[peer], rtol=1e-9, atol=1e-6, err_msg=name)


def assert_equal_runs(market: str, events: np.ndarray, row: np.ndarray, peer: dict[str, np.ndarray]) -> None:
    bars = window(market)
    runs = [SignalSet(column) for column in events.T]
    metrics = np.vstack([simulate(bars, signals, row, 252.0).metrics for signals in runs])
    ours = {name: np.array([named(line)[name] for line in metrics]) for name in named(metrics[0])}
    assert ours["num_trades"].tolist() == peer["num_trades"].tolist()
    assert np.array_equal(ours["win_rate"], peer["win_rate"], equal_nan=True)
    for name in ("total_return", "sharpe", "max_drawdown", "profit_factor", "total_fees"):
        assert_close(ours[name], peer[name], name)
    for k in range(0, len(runs), 10):
        assert_same_trades(trace(bars, runs[k], row[0], 252.0), peer["trades"][peer["trades"]["col"] == k])


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("exits", PEER_EXITS)
def test_every_run_of_the_grid_equals_vectorbt(market, exits):
    events = long_events(states(market))
    enter, leave = (events & ENTER_LONG) > 0, (events & EXIT_LONG) > 0
    never = np.zeros_like(enter)
    columns = {"entries": enter, "exits": leave, "short_entries": never, "short_exits": never}
    peer = peer_runs(window(market), columns, init_cash=100_000.0, **PEER_EXITS[exits])
    row = table(initial_capital=100_000.0, fee_bps=5.0, **OUR_EXITS[exits])
    assert_equal_runs(market, events, row, peer)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("sizing", ["all_in", "units"])
def test_reversals_of_long_and_short_equal_vectorbt(market, sizing):
    slowest = max(slow for _, slow in GRID)
    events = np.column_stack([always_in_events(state, slowest - 1) for state in states(market).T])
    enter, short = (events & ENTER_LONG) > 0, (events & ENTER_SHORT) > 0
    never = np.zeros_like(enter)
    columns = {"entries": enter, "exits": never, "short_entries": short, "short_exits": never}
    size, value = (np.inf, OFF) if sizing == "all_in" else (10.0, 10.0)
    costs = {"fees": 5e-4, "slippage": 2e-4, "size": size, "upon_opposite_entry": "Reverse"}
    peer = peer_runs(window(market), columns, init_cash=1e6, **costs)
    row = table(initial_capital=1e6, fee_bps=5.0, slippage_bps=2.0, sizing_kind=sizing, sizing_value=value)
    assert_equal_runs(market, events, row, peer)
