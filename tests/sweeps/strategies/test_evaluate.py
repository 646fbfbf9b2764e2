import numpy as np
import pandas as pd
import pytest

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Backtest, Signals, Strategy
from sweeps.strategies.errors import BacktestError, ShortSideError, SignalError
from sweeps.strategies.evaluate import evaluate, run_backtester
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.source import StrategySource


def made(function, kind="signals", *, short=False):
    return Strategy("mine", function, (), short, kind, "", "", StrategySource("mine", "mine"))


def test_bars_before_every_used_indicator_is_known_are_flat(walk):
    def mine(bars, ind):
        return (ind.sma(4) > 0) | (ind.atr(2) > 0) | True

    assert evaluate(made(mine), Indicators(walk(6)), {}, "long").events.tolist() == [0, 0, 0, 1, 0, 0]


def test_memoised_results_count_as_used_again(walk):
    def mine(bars, ind):
        return ind.sma(4) > 0

    ind = Indicators(walk(6))
    ind.sma(4)
    assert evaluate(made(mine), ind, {}, "long").warm == 3


def test_diagnostics_are_cut_to_the_window(bars: Bars):
    def mine(bars, ind, *, fast):
        return Signals(
            state=bars.close > 0, indicators={"mean": ind.sma(fast), "count": np.arange(len(bars))}
        )

    evaluation = evaluate(made(mine), Indicators(bars), {"fast": 3}, "long", start=590)
    assert evaluation.indicators["count"].tolist() == list(range(590, 600))
    assert len(evaluation.events) == len(evaluation.indicators["mean"]) == 10


def test_a_diagnostic_has_one_value_a_bar(bars: Bars):
    def mine(bars, ind):
        return Signals(state=bars.close > 0, indicators={"mean": np.ones(3)})

    with pytest.raises(SignalError, match=r'mine .* indicator "mean" has shape'):
        evaluate(made(mine), Indicators(bars), {}, "long")


def test_a_pandas_series_is_a_state(bars: Bars):
    def mine(bars, ind):
        close = pd.Series(bars.close)
        return close > close.rolling(20).mean()

    assert evaluate(made(mine), Indicators(bars), {}, "long").events.any()


def test_an_undeclared_short_side_is_refused_before_the_function_runs(bars: Bars):
    with pytest.raises(ShortSideError, match="strategy mine does not declare"):
        evaluate(made(lambda *_: 1 / 0), Indicators(bars), {}, "both")


def test_what_the_function_raises_passes_through(bars: Bars):
    with pytest.raises(ZeroDivisionError):
        evaluate(made(lambda *_: 1 / 0), Indicators(bars), {}, "long")


@pytest.mark.parametrize("form", [Backtest, lambda *parts: parts])
def test_a_backtester_returns_metrics_trades_and_equity(bars: Bars, form):
    trades = pd.DataFrame({"pnl": [1.0]})
    function = lambda bars, *, k: form({"sharpe": k, "sortino": None}, trades, list(bars.close))  # noqa: E731
    result = run_backtester(made(function, "backtester"), bars, {"k": 2})
    assert result.metrics["sharpe"] == 2.0
    assert np.isnan(result.metrics["sortino"])
    assert result.trades is trades
    np.testing.assert_array_equal(result.equity, bars.close)


@pytest.mark.parametrize("returned", [{"sharpe": 1}, {"Sharpe": 1}, ({"sharpe": 1},), ({"sharpe": 1}, None)])
def test_a_backtester_may_return_metrics_alone(bars: Bars, returned):
    result = run_backtester(made(lambda _: returned, "backtester"), bars, {})
    assert (result.metrics, result.trades, result.equity) == ({"sharpe": 1.0}, None, None)


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (None, "NoneType, expected Backtest"),
        ((1.0,), "metrics are float"),
        ({"sharpe": "high"}, "metric \"sharpe\" is 'high'"),
        ({"Score": 1, "sharpe": 1, "score": 2}, 'two metrics are named "score"'),
        (({}, [1]), "trades are list"),
        (({}, None, [1.0]), r"equity has shape \(1,\)"),
        (({}, None, [np.nan] * 600), "one finite value"),
    ],
)
def test_what_is_not_a_backtest_is_refused(bars: Bars, returned, reason):
    with pytest.raises(BacktestError, match=reason):
        run_backtester(made(lambda _: returned, "backtester"), bars, {})
