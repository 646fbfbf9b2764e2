"""Metrics of the equity curve against empyrical-reloaded, given our curve's returns.

Its conventions, and how ours map: `risk_free` and `required_return` are per period, ours is annual and
compounds down, r = (1 + rf)^(1 / A) - 1. cagr is its annual_return: n returns are n / A years. Its
max_drawdown is negative and counts the initial capital as the first peak, as ours does.
"""

import empyrical
import numpy as np
import pytest

from sweeps.simulation.kernel import SignalSet, trace
from tests.crosscheck.market import GRID, MARKETS, always_in_events, long_events, states, window
from tests.sweeps.simulation.cases import named, table

CAPITAL = 1e5
SOME = [k for k in range(len(GRID)) if k % 29 == 0]
CASES = {
    "close_long": {"fill": "close", "fee_bps": 5.0, "slippage_bps": 2.0},
    "next_open_stops": {"fill": "next_open", "fee_bps": 5.0, "stop_loss": 0.04, "trailing_stop": 0.06},
    "risk_free": {"fill": "next_open", "fee_fixed": 3.0, "risk_free_rate": 0.04},
    "both_sides": {"fill": "next_open", "borrow_rate": 0.02, "sizing_kind": "fraction", "sizing_value": 0.5},
}


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("periods", [252, 365])
def test_sharpe_sortino_calmar_volatility_and_drawdown_equal_empyrical(market, case, periods):
    changes = CASES[case]
    risk_free = (1 + changes.get("risk_free_rate", 0.0)) ** (1 / periods) - 1
    row = table(periods, initial_capital=CAPITAL, **changes)
    for k in SOME:
        state = states(market)[:, k]
        short = case == "both_sides"
        events = always_in_events(state, warm=GRID[k][1] - 1) if short else long_events(state)
        run = trace(window(market), SignalSet(events), row[0], float(periods))
        returns = run.equity / np.concatenate(([CAPITAL], run.equity[:-1])) - 1
        expected = {
            "cagr": empyrical.annual_return(returns, annualization=periods),
            "volatility": empyrical.annual_volatility(returns, annualization=periods),
            "sharpe": empyrical.sharpe_ratio(returns, risk_free, annualization=periods),
            "sortino": empyrical.sortino_ratio(returns, risk_free, annualization=periods),
            "calmar": empyrical.calmar_ratio(returns, annualization=periods),
            "omega": empyrical.omega_ratio(returns),
            "max_drawdown": -empyrical.max_drawdown(returns),
        }
        metrics = named(run.metrics)
        for name, value in expected.items():
            assert metrics[name] == pytest.approx(value, rel=1e-9, abs=1e-9), (name, GRID[k])
