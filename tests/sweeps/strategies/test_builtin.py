import numpy as np
import pandas as pd
import pytest
import talib

from sweeps.bars.frame import Bars
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.events import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.lookahead import prove_causal
from sweeps.strategies.registry import BUILTIN, resolve


def run(name, bars, direction="long", start=0, **parameters):
    strategy = resolve(name, None)
    values = {one.name: one.default for one in strategy.parameters} | parameters
    return evaluate(strategy, Indicators(bars), values, direction, start)


def bars_where(evaluation, bit):
    return np.flatnonzero(evaluation.events & bit).tolist()


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_declares_itself_fully(name):
    strategy = resolve(name, None)
    assert strategy.name == name
    assert strategy.short
    assert strategy.kind == "signals"
    assert strategy.meaning.endswith(".")
    assert len(strategy.code) == 32
    for parameter in strategy.parameters:
        assert parameter.kind in ("int", "float")
        assert parameter.meaning
        assert parameter.low <= parameter.default <= parameter.high


def test_built_ins_take_the_parameters_that_users_know():
    declared = {name: [one.name for one in resolve(name, None).parameters] for name in BUILTIN}
    assert declared == {
        "sma_cross": ["fast", "slow"],
        "rsi_meanrev": ["rsi_period", "oversold", "overbought"],
        "bollinger_atr": ["window", "entry_z", "atr_period", "k_sl"],
        "donchian_breakout": ["entry_window", "exit_window"],
        "macd_cross": ["fast", "slow", "signal"],
    }


@pytest.mark.parametrize("name", BUILTIN)
@pytest.mark.parametrize("direction", ["long", "short", "both"])
def test_a_built_in_trades_both_sides_and_names_its_indicators(name, direction, bars: Bars):
    made = run(name, bars, direction, start=100)
    assert len(made.events) == 500
    assert bool(bars_where(made, ENTER_LONG)) == (direction != "short")
    assert bool(bars_where(made, ENTER_SHORT)) == (direction != "long")
    assert made.indicators
    assert all(len(values) == 500 for values in made.indicators.values())


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_does_not_look_ahead(name, bars: Bars):
    strategy = resolve(name, None)
    prove_causal(strategy, bars, [{one.name: one.default for one in strategy.parameters}], seed=1)


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_does_nothing_on_a_flat_or_short_history(name, walk):
    flat = walk(closes=[10.0] * 100)
    flat = Bars(**{**vars(flat), "high": flat.close, "low": flat.close})
    assert not bars_where(run(name, flat), ENTER_LONG) or name == "rsi_meanrev"
    assert not run(name, walk(3), "both").events.any()
    assert not run(name, walk(0), "both").events.any()


def test_sma_cross_is_long_while_fast_is_above_slow(walk):
    bars = walk(closes=[5, 4, 3, 4, 5, 6, 5, 3, 1])
    # means of 2: - 4.5 3.5 3.5 4.5 5.5 5.5 4 2; of 3: - - 4 3.67 4 5 5.33 4.67 3
    assert run("sma_cross", bars, fast=2, slow=3).events.tolist() == [0, 0, 0, 0, 1, 0, 0, 4, 0]
    assert run("sma_cross", bars, "both", fast=2, slow=3).events.tolist() == [0, 0, 2, 0, 1, 0, 0, 2, 0]


def test_macd_cross_follows_the_line_of_ta_lib(bars: Bars):
    line, signal, _ = talib.MACD(bars.close, 12, 26, 9)
    crossing = np.flatnonzero(np.diff((line > signal).astype(int)) == 1) + 1
    assert bars_where(run("macd_cross", bars), ENTER_LONG) == crossing.tolist()


def test_rsi_meanrev_buys_weakness_and_sells_strength(bars: Bars):
    rsi = talib.RSI(bars.close, 14)
    made = run("rsi_meanrev", bars, "both", oversold=35.0, overbought=65.0)
    weak, strong = rsi < 35, rsi > 65
    assert bars_where(made, EXIT_SHORT) == np.flatnonzero(weak).tolist()
    assert bars_where(made, EXIT_LONG) == np.flatnonzero(strong).tolist()
    assert bars_where(made, ENTER_LONG) == np.flatnonzero(weak & ~np.roll(weak, 1)).tolist()
    assert bars_where(made, ENTER_SHORT) == np.flatnonzero(strong & ~np.roll(strong, 1)).tolist()


def test_bollinger_atr_enters_at_a_band_leaves_at_the_mean_and_stops_by_true_range(bars: Bars):
    made = run("bollinger_atr", bars, "both", k_sl=1.5)
    mean, spread = talib.SMA(bars.close, 20), talib.STDDEV(bars.close, 20)
    below = bars.close <= mean - 2.0 * spread
    assert bars_where(made, ENTER_LONG) == np.flatnonzero(below & ~np.roll(below, 1)).tolist()
    assert bars_where(made, EXIT_LONG) == np.flatnonzero(bars.close >= mean).tolist()
    assert bars_where(made, EXIT_SHORT) == np.flatnonzero(bars.close <= mean).tolist()
    np.testing.assert_allclose(made.stop_distance, 1.5 * talib.ATR(bars.high, bars.low, bars.close, 14))


def test_donchian_breakout_breaks_the_channel_of_earlier_bars(bars: Bars):
    made = run("donchian_breakout", bars, "both")
    high, low = pd.Series(bars.high), pd.Series(bars.low)
    above = (bars.close > high.rolling(20).max().shift(1)).to_numpy()
    under = (bars.close < low.rolling(10).min().shift(1)).to_numpy()
    assert bars_where(made, ENTER_LONG) == np.flatnonzero(above & ~np.roll(above, 1)).tolist()
    assert bars_where(made, EXIT_LONG) == [bar for bar in np.flatnonzero(under) if bar >= 20]
