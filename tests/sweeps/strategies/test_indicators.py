import sys
import threading

import numpy as np
import pytest
import talib

from sweeps.bars.frame import Bars
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.smoothing import exponential_mean
from sweeps.strategies.windows import rolling_max, rolling_mean, rolling_std

PERIODS = [2, 3, 7, 14, 50, 200, 599, 600]


def assert_equal(ours, theirs, relative=1e-9):
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=1e-9)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("name", ["sma", "ema", "rsi"])
def test_an_average_of_closes_equals_ta_lib(bars: Bars, name: str, period: int):
    assert_equal(getattr(Indicators(bars), name)(period), getattr(talib, name.upper())(bars.close, period))


@pytest.mark.parametrize("period", PERIODS)
def test_the_deviation_equals_the_population_deviation_of_ta_lib(bars: Bars, period: int):
    upper, middle, _ = talib.BBANDS(bars.close, period, 1.0, 1.0)
    assert_equal(Indicators(bars).std(period), upper - middle, 1e-7)
    assert_equal(Indicators(bars).std(period), talib.STDDEV(bars.close, period, 1.0), 1e-7)


@pytest.mark.parametrize("period", PERIODS)
def test_extremes_equal_ta_lib(bars: Bars, period: int):
    ind = Indicators(bars)
    np.testing.assert_array_equal(ind.highest(period), talib.MAX(bars.high, period))
    np.testing.assert_array_equal(ind.lowest(period), talib.MIN(bars.low, period))
    np.testing.assert_array_equal(ind.highest(period, of="close"), talib.MAX(bars.close, period))


@pytest.mark.parametrize("period", [1, *PERIODS])
def test_the_true_range_equals_ta_lib(bars: Bars, period: int):
    assert_equal(Indicators(bars).atr(period), talib.ATR(bars.high, bars.low, bars.close, period))


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (2, 3, 2), (5, 200, 30), (300, 500, 101)])
def test_macd_equals_ta_lib(bars: Bars, fast: int, slow: int, signal: int):
    for ours, theirs in zip(
        Indicators(bars).macd(fast, slow, signal), talib.MACD(bars.close, fast, slow, signal), strict=True
    ):
        assert_equal(ours, theirs)


def test_macd_with_its_periods_swapped_is_negative(bars: Bars):
    ind = Indicators(bars)
    np.testing.assert_allclose(ind.macd(26, 12, 9)[0], -ind.macd(12, 26, 9)[0], rtol=1e-12, equal_nan=True)


def test_the_zscore_is_the_distance_from_the_mean_in_deviations(bars: Bars):
    ind = Indicators(bars)
    expected = (bars.close - talib.SMA(bars.close, 20)) / talib.STDDEV(bars.close, 20)
    assert_equal(ind.zscore(20), expected, 1e-6)


def test_a_flat_price_has_no_zscore_and_no_spread(walk):
    ind = Indicators(walk(closes=[0.1] * 30))
    assert np.isnan(ind.zscore(7)).all()
    assert (ind.std(7)[6:] == 0.0).all()


def test_averages_of_a_flat_price_are_that_price_exactly(walk):
    ind = Indicators(walk(closes=[3.0, 8.0, *[0.1] * 80]))
    np.testing.assert_array_equal(ind.sma(3)[4:], 0.1)
    np.testing.assert_array_equal(ind.sma(49)[50:], 0.1)


def test_the_mean_does_not_drift_after_a_huge_value():
    values = np.full(50_000, 0.1)
    values[10] = 1e17
    values[20_000:] += np.random.default_rng(1).normal(0, 1e-3, 30_000)
    windows = np.lib.stride_tricks.sliding_window_view(values, 20)
    np.testing.assert_allclose(rolling_mean(values, 20)[19:], windows.mean(axis=1), rtol=1e-14)


def test_the_deviation_keeps_its_digits_on_a_large_price():
    values = 1e6 + np.random.default_rng(1).normal(0, 1e-3, 2_000)
    windows = np.lib.stride_tricks.sliding_window_view(values, 33)
    np.testing.assert_allclose(rolling_std(values, 33)[32:], windows.std(axis=1), rtol=1e-6)


@pytest.mark.parametrize("kernel", [rolling_mean, rolling_std, rolling_max, exponential_mean])
def test_a_missing_value_leaves_with_its_window(kernel):
    values = np.arange(20.0)
    values[7] = np.nan
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(kernel(values, 3))), [0, 1, 7, 8, 9])


@pytest.mark.parametrize("kernel", [rolling_mean, rolling_std, rolling_max, exponential_mean])
@pytest.mark.parametrize("period", [1, 5, 30])
def test_later_values_change_no_earlier_result(kernel, period: int):
    values = np.random.default_rng(2).normal(100, 1, 97)
    whole = kernel(values, period)
    for cut in range(98):
        np.testing.assert_array_equal(kernel(values[:cut].copy(), period), whole[:cut])


def test_a_period_beyond_the_bars_gives_nothing(walk):
    ind = Indicators(walk(5))
    for result in (
        ind.sma(9),
        ind.ema(9),
        ind.std(9),
        ind.rsi(9),
        ind.atr(9),
        ind.highest(9),
        *ind.macd(3, 9),
    ):
        assert len(result) == 5
        assert np.isnan(result).all()
    assert len(ind.highest(2, lag=9)) == 5


@pytest.mark.parametrize("period", [0, -3, 2.5])
def test_a_period_is_a_whole_positive_number(bars: Bars, period):
    with pytest.raises(ValueError, match="whole number of bars"):
        Indicators(bars).sma(period)


def test_a_lag_looks_back(bars: Bars):
    ind = Indicators(bars)
    np.testing.assert_array_equal(ind.highest(5, lag=1)[1:], ind.highest(5)[:-1])
    with pytest.raises(ValueError, match="lag"):
        ind.lowest(5, lag=-1)


def test_an_extra_column_has_indicators_too(bars: Bars):
    extra = np.concatenate(([np.nan] * 10, np.arange(590.0)))
    with_extra = Bars(**{**vars(bars), "extra": {"sentiment": extra}})
    assert Indicators(with_extra).sma(3, of="sentiment")[12] == 1.0
    assert np.isnan(Indicators(with_extra).ema(3, of="sentiment")[11])
    np.testing.assert_allclose(
        Indicators(with_extra).macd(3, 5, 2, of="sentiment")[0][10:], talib.MACD(extra[10:], 3, 5, 2)[0]
    )


def test_a_result_is_computed_once_and_cannot_be_written(bars: Bars):
    ind = Indicators(bars)
    assert ind.sma(10) is ind.sma(10)
    assert ind.sma(10) is not ind.sma(10, of="open")
    with pytest.raises(ValueError, match="read-only"):
        ind.sma(10)[0] = 1.0


def test_own_indicators_are_memoised_by_name_and_arguments(bars: Bars):
    calls = []

    def momentum(bars: Bars, lag: int):
        calls.append(lag)
        return np.concatenate((np.full(lag, np.nan), bars.close[lag:] - bars.close[:-lag]))

    ind = Indicators(bars)
    assert ind.memo("momentum", momentum, 3) is ind.memo("momentum", momentum, 3)
    ind.memo("momentum", momentum, 4)
    assert calls == [3, 4]
    low, high = ind.memo("pair", lambda bars: (bars.low, bars.high))
    np.testing.assert_array_equal([low, high], [bars.low, bars.high])
    assert bars.low is not low


def test_own_indicators_have_one_value_a_bar(bars: Bars):
    with pytest.raises(ValueError, match="momentum: expected shape"):
        Indicators(bars).memo("momentum", lambda bars: np.diff(bars.close))


def test_a_recording_knows_when_everything_used_is_known(bars: Bars):
    ind = Indicators(bars)
    ind.sma(500)
    with ind.recording() as used:
        assert used.warm == 0
        ind.sma(10)
        assert used.warm == 9
        ind.atr(14)
        ind.sma(10)
        with ind.recording() as inner:
            ind.highest(3, lag=1)
        assert inner.warm == 3
        assert used.warm == 14
    ind.sma(300)
    assert used.warm == 14


def test_an_indicator_that_is_never_known_leaves_no_warm_bar(walk):
    ind = Indicators(walk(5))
    with ind.recording() as used:
        ind.sma(9)
    assert used.warm == 5


def test_an_indicator_of_ones_own_is_as_warm_for_who_asks_again(walk):
    ind = Indicators(walk(500))
    for _ in range(2):
        with ind.recording() as used:
            ind.memo("up", lambda _, n: ind.sma(n) > ind.sma(2 * n), 50)
        assert used.warm == 99


def test_memory_stays_within_its_capacity(bars: Bars):
    ind = Indicators(bars, capacity_bytes=10 * bars.close.nbytes)
    for period in range(1, 100):
        ind.sma(period)
    assert ind.memory._held_bytes <= 10 * bars.close.nbytes
    assert len(ind.memory.results) == 10
    kept = ind.sma(99)
    assert ind.sma(99) is kept


def test_threads_record_apart(bars: Bars):
    ind, warm = Indicators(bars), {}
    gate = threading.Barrier(2)

    def use(period: int) -> None:
        with ind.recording() as used:
            gate.wait(10)
            ind.sma(period)
            gate.wait(10)
        warm[period] = used.warm

    threads = [threading.Thread(target=use, args=(period,)) for period in (10, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warm == {10: 9, 50: 49}
    assert sys.getrefcount(ind) < 10
