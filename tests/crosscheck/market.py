"""Bars and signals of the cross-checks: real daily stocks, bars with gaps, a grid of SMA crosses."""

from functools import cache
from itertools import pairwise

import numpy as np
from bokeh_sampledata import stocks

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG
from sweeps.simulation.kernel import PriceWindow

SYMBOLS = ("AAPL", "IBM", "MSFT", "GOOG")
MARKETS = (*SYMBOLS, "gaps")
FASTS = range(3, 26)
SLOWS = range(30, 145, 5)
GRID = [(fast, slow) for fast in FASTS for slow in SLOWS]
assert len(GRID) >= 500


@cache
def window(market: str) -> PriceWindow:
    """Return the bars of a symbol, adjusted by adj_close / close, or of the synthetic market `gaps`."""
    return gappy_window() if market == "gaps" else real_window(market)


def real_window(symbol: str) -> PriceWindow:
    stock = getattr(stocks, symbol)
    assert list(stock["date"]) == sorted(stock["date"])
    prices = {
        name: np.array(stock[name], dtype=float) for name in ("open", "high", "low", "close", "adj_close")
    }
    factor = prices["adj_close"] / prices["close"]
    open_, close = prices["open"] * factor, prices["adj_close"]
    # Adjusted prices round: a close may lie a hair outside its own range.
    high = np.maximum.reduce((prices["high"] * factor, open_, close))
    low = np.minimum.reduce((prices["low"] * factor, open_, close))
    return PriceWindow(open_, high, low, close)


def gappy_window(count: int = 3000) -> PriceWindow:
    """Return random bars of which one in twelve opens up to 15% away from the last close."""
    rng = np.random.default_rng(20)
    gap = np.where(rng.random(count) < 1 / 12, rng.uniform(-0.15, 0.15, count), rng.normal(0, 0.002, count))
    body = rng.normal(0.0004, 0.015, count)
    close = 50 * np.exp(np.cumsum(gap + body - gap.mean()))
    open_ = close * np.exp(-body)
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.006, count)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.006, count)))
    return PriceWindow(open_, high, low, close)


def sma(close: np.ndarray, length: int) -> np.ndarray:
    mean = np.full(len(close), np.nan)
    mean[length - 1 :] = np.lib.stride_tricks.sliding_window_view(close, length).mean(axis=1)
    return mean


@cache
def states(market: str) -> np.ndarray:
    """Return the long state of every SMA cross of the grid, shape (bars, len(GRID)), 0 or 1."""
    close = window(market).close
    means = {length: sma(close, length) for length in (*FASTS, *SLOWS)}
    return np.column_stack([(means[fast] > means[slow]).astype(np.int8) for fast, slow in GRID])


def long_events(state: np.ndarray) -> np.ndarray:
    """Return the events of a 0/1 state: a change to 1 enters, a change to 0 exits."""
    change = np.diff(state, prepend=0, axis=0)
    return ((change == 1) * ENTER_LONG + (change == -1) * EXIT_LONG).astype(np.uint8)


def always_in_events(state: np.ndarray, warm: int) -> np.ndarray:
    """Return the events of a state that is long at 1 and short at 0 from bar ``warm`` on."""
    sides = [0] * warm + [1 if on else -1 for on in state[warm:]]
    changes = ((now, was) for was, now in pairwise([0, *sides]))
    sign = {1: ENTER_LONG, -1: ENTER_SHORT, 0: 0}
    return np.array([sign[now] if now != was else 0 for now, was in changes], dtype=np.uint8)
