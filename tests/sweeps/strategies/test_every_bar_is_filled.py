"""Indicators: a compiled one writes every bar of its row, whatever lay there before."""

from collections.abc import Callable

import numpy as np
import pytest

from sweeps.strategies.smoothing import exponential_mean, wilder_atr, wilder_rsi
from sweeps.strategies.windows import rolling_max, rolling_mean, rolling_std

INDICATORS = (exponential_mean, rolling_max, rolling_mean, rolling_std, wilder_atr, wilder_rsi)


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.__name__)
@pytest.mark.parametrize("size", [0, 1, 2, 5, 64, 131])
@pytest.mark.parametrize("gap", [(), (0,), (7, 8, 40)])
def test_what_lay_there_is_gone(
    indicator: Callable[..., np.ndarray], size: int, gap: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(size)
    close = 100.0 + np.cumsum(rng.normal(0.0, 1.0, size))
    close[[place for place in gap if place < size]] = np.nan
    prices = (close + 1.0, close - 1.0, close) if indicator is wilder_atr else (close,)
    for period in (1, 2, 3, 20, 64, 200):
        dirty = np.full(size, 7777.0)
        indicator.__wrapped__(*prices, period, dirty)
        clean = np.full(size, np.nan)
        indicator.__wrapped__(*prices, period, clean)
        assert np.array_equal(dirty, clean, equal_nan=True), period
        assert 7777.0 not in dirty
