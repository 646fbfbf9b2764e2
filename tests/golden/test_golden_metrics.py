"""Every metric by hand."""

import math

import numpy as np
import pytest

from sweeps.simulation.kernel import METRIC_NAMES, simulate
from sweeps.simulation.metrics import path_metrics
from tests.golden.by_hand import run
from tests.sweeps.simulation.cases import flat_bars, named, signals, table

NAN = float("nan")


def test_metrics_of_one_held_trade():
    # 10 shares: equity 1000, 1100, 990, 1089; returns 0, 0.1, -0.1, 0.1; mean 0.025; one year of 4 bars.
    held = run("L...", flat_bars(100, 110, 99, 108.9), periods=4.0, sizing_kind="all_in")
    second = (0.025**2 + 0.075**2 + 0.125**2 + 0.075**2) / 4
    third = (-(0.025**3) + 0.075**3 - 0.125**3 + 0.075**3) / 4
    fourth = (0.025**4 + 0.075**4 + 0.125**4 + 0.075**4) / 4
    std = math.sqrt(second * 4 / 3)
    assert named(held.metrics) == pytest.approx(
        {
            "total_return": 0.089,
            "cagr": 0.089,
            "volatility": std * 2,
            "sharpe": 0.025 / std * 2,
            "sortino": 0.025 / 0.05 * 2,
            "calmar": 0.089 / 0.1,
            "omega": 0.2 / 0.1,
            "max_drawdown": 0.1,
            "num_trades": 1,
            "win_rate": 1,
            "profit_factor": NAN,
            "expectancy": 0.089,
            "expectancy_cash": 89,
            "avg_win": 0.089,
            "avg_loss": NAN,
            "best_trade": 0.089,
            "worst_trade": 0.089,
            "avg_bars_held": 3,
            "exposure": 1,
            "turnover": 1000 / ((1000 + 1100 + 990 + 1089) / 4),
            "total_fees": 0,
            "final_equity": 1089,
            "buy_hold_return": 0.089,
            "excess_return": 0,
            "beats_buy_hold": 0,
            "skew": third / second**1.5,
            "kurtosis": fourth / second**2,
            "sqn": NAN,
            "kelly": NAN,
            "ruined": 0,
            "skipped_entries": 0,
        },
        nan_ok=True,
    )


def test_metrics_of_two_wins_and_a_loss():
    # One share each: +10, -5, +2 from 100.
    metrics = named(run("LlLlLl....", flat_bars(100, 110, 100, 95, 100, 102, 102, 102, 102, 102)).metrics)
    mean = 0.07 / 3
    std = math.sqrt(((0.1 - mean) ** 2 + (0.05 + mean) ** 2 + (0.02 - mean) ** 2) / 2)
    expected = {
        "num_trades": 3,
        "win_rate": 2 / 3,
        "profit_factor": 12 / 5,
        "expectancy": mean,
        "expectancy_cash": 7 / 3,
        "avg_win": 0.06,
        "avg_loss": -0.05,
        "best_trade": 0.1,
        "worst_trade": -0.05,
        "avg_bars_held": 1,
        "exposure": 0.3,
        "sqn": math.sqrt(3) * mean / std,
        "kelly": 2 / 3 - 1 / 3 * 0.05 / 0.06,
        "final_equity": 1007,
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_metrics_of_a_run_without_trades():
    metrics = named(run("............").metrics)
    zero = {"total_return", "cagr", "volatility", "max_drawdown", "num_trades", "exposure", "turnover"}
    zero |= {"total_fees", "ruined", "skipped_entries", "beats_buy_hold"}
    some = {"final_equity": 1000, "buy_hold_return": 0.06, "excess_return": -0.06}
    for name in METRIC_NAMES:
        if name in some:
            assert metrics[name] == pytest.approx(some[name])
        elif name in zero:
            assert metrics[name] == 0.0, name
        else:
            assert math.isnan(metrics[name]), name


def test_metrics_of_one_bar():
    metrics = named(run("L", flat_bars(100)).metrics)
    for name in ("volatility", "sharpe", "sortino", "calmar", "omega", "skew", "kurtosis"):
        assert math.isnan(metrics[name]), name
    assert math.isnan(named(run("L", flat_bars(100), fill="next_open").metrics)["buy_hold_return"])


def test_a_position_that_does_not_move_has_no_volatility_and_no_sharpe():
    held = run("L" + "." * 9, flat_bars(*[0.1] * 10), sizing_kind="all_in", risk_free_rate=0.05)
    metrics = named(held.metrics)
    assert metrics["volatility"] == 0.0
    assert math.isnan(metrics["sharpe"])
    assert metrics["sortino"] == pytest.approx(-math.sqrt(252))  # every bar falls short of the same rate


def test_the_risk_free_rate_compounds_to_a_year():
    free, rate = 1.21 ** (1 / 2) - 1, 0.21  # two bars a year: 10% a bar
    metrics = named(run("L...", flat_bars(100, 110, 99, 108.9), periods=2.0, risk_free_rate=rate).metrics)
    returns = np.array([0, 10 / 1000, -11 / 1010, 9.9 / 999])
    assert free == pytest.approx(0.1)
    excess = returns - free
    assert metrics["sharpe"] == pytest.approx(excess.mean() / excess.std(ddof=1) * math.sqrt(2))
    assert metrics["sortino"] == pytest.approx(excess.mean() / math.sqrt((excess**2).mean()) * math.sqrt(2))


def test_buy_and_hold_pays_to_enter_and_not_to_leave():
    window = flat_bars(100, 110, 120, 130, 140, 150, 160, 170, 180, 190)
    costs = {"fee_bps": 100, "fee_fixed": 5, "slippage_bps": 100, "lot_size": 1}
    at_close = named(run("." * 10, window, **costs).metrics)["buy_hold_return"]
    assert at_close == pytest.approx((1000 - 9 * 101 * 1.01 - 5 + 9 * 190) / 1000 - 1)
    at_open = named(run("." * 10, window, fill="next_open", **costs).metrics)["buy_hold_return"]
    assert at_open == pytest.approx((1000 - 8 * 111.1 * 1.01 - 5 + 8 * 190) / 1000 - 1)
    nothing = named(run("." * 10, window, lot_size=100).metrics)["buy_hold_return"]
    assert nothing == 0.0


def test_turnover_leaves_out_marks():
    window = flat_bars(*[100.0] * 10)
    assert named(run("L...l.....", window, periods=10.0).metrics)["turnover"] == pytest.approx(200 / 1000)
    assert named(run("L.........", window, periods=10.0).metrics)["turnover"] == pytest.approx(100 / 1000)


def test_blocks_split_the_bars_evenly():
    close = 100 * 1.01 ** np.arange(32)
    outcome = simulate(flat_bars(*close), signals("L" + "." * 31), table(), 252.0)
    assert outcome.block_sums[0].tolist() == pytest.approx([0.01] + [0.02] * 15, rel=1e-5)
    assert outcome.block_sumsqs[0].tolist() == pytest.approx([0.0001] + [0.0002] * 15, rel=1e-5)
    assert outcome.block_sums.dtype == np.float32


def test_path_metrics_tell_depth_and_length_of_drawdowns():
    # Two drawdowns: 10% deep over 2 bars, 20% deep over 3 bars.
    equity = np.array([100, 90, 95, 100, 110, 99, 88, 105, 120, 120.0])
    depths = [0.1, 0.05, 0.1, 0.2, 5 / 110]
    assert path_metrics(equity, 100.0) == pytest.approx(
        {
            "ulcer_index": math.sqrt(sum(d * d for d in depths) / 10),
            "avg_drawdown": 0.15,
            "max_drawdown_bars": 3,
            "avg_drawdown_bars": 2.5,
        }
    )


def test_the_first_peak_is_the_capital_and_a_last_drawdown_may_stay_open():
    path = path_metrics(np.array([90.0, 95.0]), 100.0)
    assert path["max_drawdown_bars"] == 2
    assert path["avg_drawdown"] == pytest.approx(0.1)


def test_a_curve_that_never_falls_has_no_drawdowns():
    path = path_metrics(np.array([100.0, 100.0, 101.0]), 100.0)
    assert path["ulcer_index"] == 0.0
    assert path["max_drawdown_bars"] == 0.0
    assert math.isnan(path["avg_drawdown"])
    assert math.isnan(path["avg_drawdown_bars"])
