"""The bars of the benchmarks: 10,000 made hours."""

import numpy as np

from sweeps.bars.frame import Bars

BARS = 10_000
HOUR_MICROS = 3_600_000_000


def market() -> Bars:
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0.0001, 0.01, BARS)))
    open_ = np.r_[close[0], close[:-1]] * np.exp(rng.normal(0, 0.001, BARS))
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.004, BARS)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.004, BARS)))
    return Bars("X", "1h", np.arange(BARS) * HOUR_MICROS, open_, high, low, close, np.ones(BARS))
