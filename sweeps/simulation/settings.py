"""One row of plain numbers per run: what the execution and exit settings mean to the kernel."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.errors import SweepError, did_you_mean
from sweeps.simulation.codes import FILLS, SIZING_KINDS

FloatArray = npt.NDArray[np.float64]

S_INITIAL_CAPITAL: Final = 0
S_FILL: Final = 1
S_SIZING_KIND: Final = 2
S_SIZING_VALUE: Final = 3
S_FEE: Final = 4
S_FEE_FIXED: Final = 5
S_SLIPPAGE: Final = 6
S_BORROW: Final = 7
S_LOT_SIZE: Final = 8
S_RISK_FREE: Final = 9
S_STOP_LOSS: Final = 10
S_TAKE_PROFIT: Final = 11
S_TRAILING_STOP: Final = 12
S_ATR_MULTIPLE: Final = 13
S_MAX_BARS: Final = 14
N_SETTINGS: Final = 15

SETTING_COLUMNS: Final = (
    "initial_capital",
    "fill",
    "sizing_kind",
    "sizing_value",
    "fee_bps",
    "fee_fixed",
    "slippage_bps",
    "borrow_rate",
    "lot_size",
    "risk_free_rate",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "atr_stop_multiple",
    "max_bars",
)
"""The names of the columns that `settings_table` reads, in the order of the S_ numbers."""

_TEXTS: Final = {"fill": FILLS, "sizing_kind": SIZING_KINDS}


class SettingError(SweepError):
    """A settings column that the kernel cannot read."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column, self.reason = column, reason

    def __str__(self) -> str:
        return f"setting {self.column}: {self.reason}"


class Rules(NamedTuple):
    """One settings row by name, as the compiled functions read it; NaN is off. Order: the S_ numbers."""

    initial_capital: float
    fill: float
    sizing_kind: float
    sizing_value: float
    fee: float
    fee_fixed: float
    slippage: float
    borrow: float
    lot_size: float
    risk_free: float
    stop_loss: float
    take_profit: float
    trailing_stop: float
    atr_multiple: float
    max_bars: float


def settings_table(columns: Mapping[str, Any], periods_per_year: float) -> FloatArray:
    """Return the kernel's settings, one row per run.

    Args:
        columns: Every name of `SETTING_COLUMNS` with equally long columns; texts for ``fill`` and
            ``sizing_kind``, else numbers with NaN (or None) for off. Other columns are not read.
        periods_per_year: Bars a year; rates a year become rates a bar with it.

    Returns:
        Shape (runs, N_SETTINGS): fee and slippage as fractions, borrow = rate / A,
        risk_free = (1 + rate) ** (1 / A) - 1, NaN for off.

    Raises:
        SettingError: If a column is missing, has another length, or holds an unknown word.
    """
    missing = [name for name in SETTING_COLUMNS if name not in columns]
    if missing:
        raise SettingError(missing[0], "is missing; every setting is an axis, off or not")
    runs = len(columns[SETTING_COLUMNS[0]])
    table = np.empty((runs, N_SETTINGS))
    for place, name in enumerate(SETTING_COLUMNS):
        column = columns[name]
        if len(column) != runs:
            raise SettingError(name, f"has {len(column)} rows, {SETTING_COLUMNS[0]} has {runs}")
        table[:, place] = _coded(name, column) if name in _TEXTS else np.asarray(column, dtype=np.float64)
    table[:, (S_FEE, S_SLIPPAGE)] /= 1e4
    table[:, S_BORROW] /= periods_per_year
    table[:, S_RISK_FREE] = (1.0 + table[:, S_RISK_FREE]) ** (1.0 / periods_per_year) - 1.0
    return table


def _coded(name: str, column: Sequence[str]) -> FloatArray:
    words = _TEXTS[name]
    codes = {word: float(code) for code, word in enumerate(words)}
    unknown = next((word for word in column if word not in codes), None)
    if unknown is not None:
        reason = f"expected one of {', '.join(words)}, got {unknown!r}{did_you_mean(str(unknown), words)}"
        raise SettingError(name, reason)
    return np.fromiter((codes[word] for word in column), dtype=np.float64, count=len(column))
