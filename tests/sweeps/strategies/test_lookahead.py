import pickle

import numpy as np
import pandas as pd
import pytest

from sweeps.bars.frame import Bars
from sweeps.strategies.contract import Signals, Strategy
from sweeps.strategies.errors import LookaheadError, UnprovenCausalityError
from sweeps.strategies.lookahead import prove_causal
from sweeps.strategies.source import StrategySource


def prove(function, bars, parameter_sets=({},), *, short=False, kind="signals"):
    strategy = Strategy("mine", function, (), short, kind, "", "", StrategySource("mine", "mine"))
    prove_causal(strategy, bars, parameter_sets, seed=3)


def series(bars):
    return pd.Series(bars.close)


def next_close(bars, ind):
    return (series(bars).shift(-1) > series(bars)).to_numpy()


def shifted_slow_state(bars, ind):
    state = ind.sma(20) > ind.sma(80)
    return np.append(state[1:], state[-1])


def centred_mean(bars, ind):
    return (series(bars) > series(bars).rolling(21, center=True).mean()).to_numpy()


def centred_mean_without_gaps(bars, ind):
    return (series(bars) > series(bars).rolling(5, center=True, min_periods=1).mean()).to_numpy()


def last_value(bars, ind):
    return bars.close < bars.close[-1]


def global_maximum(bars, ind):
    return bars.close > 0.98 * bars.close.max()


def global_mean(bars, ind):
    return (bars.close - bars.close.mean()) / bars.close.std() < -0.5


def flat_at_the_end(bars, ind):
    state = ind.sma(5) > ind.sma(20)
    state[-1] = False
    return state


def later_half(bars, ind):
    return np.arange(len(bars)) >= len(bars) // 2


def filled_backwards(bars, ind):
    return (ind.sma(5) > series(bars).rolling(50).mean().bfill()).to_numpy()


def reversed_cumulation(bars, ind):
    return np.cumsum(bars.close[::-1])[::-1] > bars.close * 100


def future_low(bars, ind):
    lowest = series(bars)[::-1].rolling(10, min_periods=1).min()[::-1].to_numpy()
    return (bars.close <= lowest, bars.close > lowest * 1.02)


def peeking_stop(bars, ind):
    ahead = np.append(bars.close[1:], bars.close[-1])
    return Signals(state=ind.sma(5) > ind.sma(20), stop_distance=np.abs(ahead - bars.close))


def peeking_memo(bars, ind):
    return ind.sma(5) > ind.memo("peek", lambda bars: np.append(bars.close[3:], bars.close[-3:]))


@pytest.mark.parametrize(
    "function",
    [
        next_close,
        shifted_slow_state,
        centred_mean,
        centred_mean_without_gaps,
        last_value,
        global_maximum,
        global_mean,
        flat_at_the_end,
        later_half,
        filled_backwards,
        reversed_cumulation,
        future_low,
        peeking_stop,
        peeking_memo,
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_strategy_that_looks_ahead_is_caught(walk, function, seed: int):
    with pytest.raises(LookaheadError, match=r"mine looks ahead: its signal at bar \d{4}-\d\d-\d\d of WALK"):
        prove(function, walk(seed=seed))


def test_looking_ahead_on_the_short_side_alone_is_caught(bars: Bars):
    def mine(bars, ind):
        ahead = np.append(bars.close[1:], bars.close[-1])
        state = (ind.sma(5) > ind.sma(20)).astype(int)
        return np.where((state == 0) & (ahead < bars.close), -1, state)

    with pytest.raises(LookaheadError):
        prove(mine, bars, short=True)


def crossing(bars, ind):
    return ind.sma(5) > ind.sma(20)


def exponential(bars, ind):
    return (series(bars).ewm(span=10).mean() > series(bars).ewm(span=30).mean()).to_numpy()


def expanding(bars, ind):
    return bars.close >= np.maximum.accumulate(bars.close)


def stateful(bars, ind):
    state = np.zeros(len(bars), np.int8)
    for bar in range(1, len(bars)):
        rose = bars.close[bar] > 1.01 * bars.close[bar - 1]
        state[bar] = 1 if rose else (0 if bars.close[bar] < bars.open[bar] else state[bar - 1])
    return state


def stopped(bars, ind):
    return Signals(entries=ind.rsi(5) < 30, exits=ind.rsi(5) > 60, stop_distance=2 * ind.atr(14))


def cumulated(bars, ind):
    total = np.concatenate(([0.0], np.cumsum(bars.close)))
    mean = np.full(len(bars), np.nan)
    mean[29:] = (total[30:] - total[:-30]) / 30
    return bars.close > mean


@pytest.mark.parametrize("function", [crossing, exponential, expanding, stateful, stopped, cumulated])
@pytest.mark.parametrize("seed", range(5))
def test_a_causal_strategy_passes(walk, function, seed: int):
    prove(function, walk(seed=seed))


def test_the_error_names_the_bar_the_parameters_and_the_cut(bars: Bars):
    def mine(bars, ind, *, fast, mode):
        return bars.close < bars.close[-1]

    with pytest.raises(LookaheadError) as caught:
        prove(mine, bars, [{"fast": 3, "mode": "calm"}])
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (error.strategy, error.symbol) == ("mine", "WALK")
    assert error.parameters == {"fast": 3, "mode": "calm"}
    assert error.bar <= error.last
    assert "(fast = 3, mode = calm)" in str(error)
    assert str(error) == str(caught.value)


def test_the_same_seed_finds_the_same_bar(bars: Bars):
    found = set()
    for _ in range(3):
        with pytest.raises(LookaheadError) as caught:
            prove(next_close, bars)
        found.add(caught.value.bar)
    assert len(found) == 1


def test_every_parameter_set_is_tried(bars: Bars):
    def mine(bars, ind, *, ahead):
        return np.roll(ind.sma(5) > ind.sma(20), -ahead)

    prove(mine, bars, [{"ahead": 0}])
    with pytest.raises(LookaheadError, match="ahead = 1"):
        prove(mine, bars, [{"ahead": 0}, {"ahead": 1}])


def test_a_strategy_that_works_only_on_all_bars_is_refused(bars: Bars):
    def mine(bars, ind):
        return np.broadcast_to(bars.close[599] > 0, 600)

    with pytest.raises(UnprovenCausalityError, match="raises on every shorter history"):
        prove(mine, bars)


def test_a_parameter_set_that_fails_is_left_to_its_run(bars: Bars):
    prove(lambda *_: 1 / 0, bars)


def test_a_strategy_that_never_trades_passes(bars: Bars):
    prove(lambda bars, _: np.zeros(len(bars), bool), bars)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_bars_prove_nothing_and_break_nothing(walk, n: int):
    prove(crossing, walk(n))


def test_a_backtester_has_no_signals_to_prove(bars: Bars):
    prove(lambda *_: 1 / 0, bars, kind="backtester")
