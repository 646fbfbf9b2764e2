"""Short ways to write bars, signals and settings in the tests of the simulation."""

from typing import Any

import numpy as np

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.simulation.kernel import PriceWindow, SignalSet, settings_table
from sweeps.simulation.metric_names import METRIC_NAMES

OFF = float("nan")
LETTERS = {".": 0, "L": ENTER_LONG, "S": ENTER_SHORT, "l": EXIT_LONG, "s": EXIT_SHORT}

FREE = {
    "initial_capital": 1000.0,
    "fill": "close",
    "sizing_kind": "all_in",
    "sizing_value": OFF,
    "fee_bps": 0.0,
    "fee_fixed": 0.0,
    "slippage_bps": 0.0,
    "borrow_rate": 0.0,
    "lot_size": 0.0,
    "risk_free_rate": 0.0,
    "stop_loss": OFF,
    "take_profit": OFF,
    "trailing_stop": OFF,
    "atr_stop_multiple": OFF,
    "max_bars": OFF,
}


def table(periods_per_year: float = 252.0, **changes: Any) -> np.ndarray:
    """Return one settings row, shape (1, N_SETTINGS): free of costs and exits but for ``changes``."""
    unknown = changes.keys() - FREE.keys()
    assert not unknown, unknown
    return settings_table({name: [value] for name, value in (FREE | changes).items()}, periods_per_year)


def bars_of(*rows: tuple[float, float, float, float]) -> PriceWindow:
    """Return the window of (open, high, low, close) rows."""
    open_, high, low, close = np.array(rows, dtype=float).T
    return PriceWindow(open_, high, low, close)


def flat_bars(*closes: float) -> PriceWindow:
    """Return bars without a range: every price of a bar is its close."""
    close = np.array(closes, dtype=float)
    return PriceWindow(close, close, close, close)


def events(letters: str) -> np.ndarray:
    """Return events, one letter per bar: `L` and `S` enter, `l` and `s` exit, `.` is nothing."""
    return np.array([LETTERS[letter] for letter in letters], dtype=np.uint8)


def signals(letters: str, **more: Any) -> SignalSet:
    """Return the signal set of letters as in `events`."""
    return SignalSet(events(letters), **more)


def named(metrics: np.ndarray) -> dict[str, float]:
    """Return a row of metrics by name."""
    return dict(zip(METRIC_NAMES, metrics.tolist(), strict=True))
