"""Next-open fills, trade by trade against backtesting.py 0.6.6, which is given our events.

Conventions that differ, and what is done about it:
- It trades whole shares, and `size` < 1 keeps 0.01% of the cash back: runs are compared in 10 units, where
  trades are equal; all-in with lot_size = 1 is compared by the relation of the sizes.
- Its `spread` worsens entries alone, ours both fills: slippage is 0 here.
- An open trade is dropped unless `finalize_trades=True`, which then closes it at the last bar with costs, at
  its open; ours is marked at the last close without exit costs: of that trade, the entry is compared.
- Its strategy is first asked at the second bar: the grid's first events come later.
"""

import numpy as np
import pandas as pd
import pytest
from backtesting import Backtest, Strategy

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG
from sweeps.simulation.kernel import PriceWindow, SignalSet, Trace, trace
from tests.crosscheck.market import GRID, MARKETS, always_in_events, long_events, states, window
from tests.sweeps.simulation.cases import table

CASH = 1e6
FEE = 5e-4
SOME = [k for k in range(len(GRID)) if k % 44 == 0]


class Obey(Strategy):
    """Do what the events of the bar say, at the next open."""

    events = np.zeros(0, dtype=np.uint8)
    size: float = 10

    def init(self) -> None:
        pass

    def next(self) -> None:
        event = int(self.events[len(self.data) - 1])
        if event & (EXIT_LONG | ENTER_SHORT) and self.position.is_long:
            self.position.close()
        if event & ENTER_LONG and self.position.is_short:
            self.position.close()
        if event & ENTER_LONG:
            self.buy(size=self.size)
        if event & ENTER_SHORT:
            self.sell(size=self.size)


def peer_trades(bars: PriceWindow, events: np.ndarray, size: float) -> pd.DataFrame:
    prices = {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close}
    days = pd.date_range("2000-01-01", periods=len(bars), freq="D")
    test = Backtest(pd.DataFrame(prices, index=days), Obey, cash=CASH, commission=FEE, finalize_trades=True)
    stats = test.run(events=events, size=size)
    return stats["_trades"].sort_values(["EntryBar"], kind="stable")


def our_run(bars: PriceWindow, events: np.ndarray, **sizing: object) -> Trace:
    row = table(initial_capital=CASH, fill="next_open", fee_bps=FEE * 1e4, **sizing)
    return trace(bars, SignalSet(events), row[0], 252.0)


def assert_same_trades(ours: Trace, theirs: pd.DataFrame) -> None:
    trades = ours.trades
    assert trades["entry_bar"].tolist() == theirs["EntryBar"].tolist()
    assert (trades["side"] * trades["quantity"]).tolist() == theirs["Size"].tolist()
    np.testing.assert_allclose(trades["entry_price"], theirs["EntryPrice"], rtol=1e-12)
    closed = trades["exit_reason"] == "signal"
    assert closed[:-1].all()
    assert trades["exit_bar"][closed].tolist() == theirs["ExitBar"][closed].tolist()
    np.testing.assert_allclose(trades["exit_price"][closed], theirs["ExitPrice"][closed], rtol=1e-12)
    np.testing.assert_allclose(trades["fees"][closed], theirs["Commission"][closed], rtol=1e-9)
    np.testing.assert_allclose(trades["pnl"][closed], theirs["PnL"][closed], rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(trades["return"][closed], theirs["ReturnPct"][closed], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("market", MARKETS)
def test_long_trades_equal_backtesting(market):
    bars = window(market)
    for k in SOME:
        events = long_events(states(market)[:, k])
        ours = our_run(bars, events, sizing_kind="units", sizing_value=10.0)
        assert_same_trades(ours, peer_trades(bars, events, 10))


@pytest.mark.parametrize("market", MARKETS)
def test_reversals_equal_backtesting(market):
    bars = window(market)
    for k in SOME:
        events = always_in_events(states(market)[:, k], warm=GRID[k][1] - 1)
        ours = our_run(bars, events, sizing_kind="units", sizing_value=10.0)
        assert_same_trades(ours, peer_trades(bars, events, 10))


@pytest.mark.parametrize("market", MARKETS)
def test_all_in_whole_shares_buy_what_backtesting_buys_and_the_share_it_keeps_back(market):
    bars = window(market)
    for k in SOME[:4]:
        events = long_events(states(market)[:, k])
        ours = our_run(bars, events, lot_size=1.0).trades
        theirs = peer_trades(bars, events, 0.9999)
        assert ours["entry_bar"].tolist() == theirs["EntryBar"].tolist()
        np.testing.assert_allclose(ours["entry_price"], theirs["EntryPrice"], rtol=1e-12)
        # 0.01% less at each entry, and whatever that has earned since, and at most a share by rounding.
        kept_back = 1e-4 * ours["quantity"] * np.arange(2, len(ours["quantity"]) + 2) + 2.0
        assert (np.abs(ours["quantity"] - theirs["Size"]) <= kept_back).all()
        assert ours["quantity"][0] >= theirs["Size"].iloc[0]
