"""What the kernel reads: the prices of one window, and what a strategy said about them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.errors import SweepError

FloatArray = npt.NDArray[np.float64]


class WindowLengthError(SweepError):
    """An array that does not cover the window's bars."""

    def __init__(self, name: str, length: int, bars: int) -> None:
        super().__init__(name, length, bars)
        self.name, self.length, self.bars = name, length, bars

    def __str__(self) -> str:
        return (
            f"{self.name} has {self.length} values, the window has {self.bars} bars; cut both to one window"
        )


def read_only(values: Any, dtype: Any) -> npt.NDArray[Any]:
    """Return a contiguous read-only view: one array type means one compilation of the kernel."""
    view: npt.NDArray[Any] = np.ascontiguousarray(values, dtype=dtype).view()
    view.flags.writeable = False
    return view


_NO_FLOATS: FloatArray = read_only([], np.float64)
_NO_FLAGS: npt.NDArray[np.bool_] = read_only([], np.bool_)


@dataclass(frozen=True, eq=False, slots=True)
class PriceWindow:
    """Prices of consecutive bars, each of shape (bars,), quote currency, finite and positive.

    Raises:
        WindowLengthError: If the four arrays differ in length or are empty.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray

    def __post_init__(self) -> None:
        for name in ("open", "high", "low", "close"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))
        bars = max(len(self.close), 1)
        for name in ("open", "high", "low", "close"):
            _check(name, getattr(self, name), bars)

    def __len__(self) -> int:
        return len(self.close)


@dataclass(frozen=True, eq=False, slots=True)
class SignalSet:
    """What is known at each close of a window; an empty array means the rule is not in use.

    Args:
        events: Bits ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT per bar, shape (bars,).
            Two enter bits on one bar cancel each other.
        stop_distance: The strategy's own stop in price units; at NaN or <= 0 there is no entry.
        atr: Average true range for the ATR stop; at NaN or <= 0 there is no entry if that stop is on.
        session_last: True on the last bar of each session; positions are closed at its close.
    """

    events: npt.NDArray[np.uint8]
    stop_distance: FloatArray = field(default_factory=lambda: _NO_FLOATS)
    atr: FloatArray = field(default_factory=lambda: _NO_FLOATS)
    session_last: npt.NDArray[np.bool_] = field(default_factory=lambda: _NO_FLAGS)

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", read_only(self.events, np.uint8))
        if self.stop_distance is not _NO_FLOATS:
            object.__setattr__(self, "stop_distance", read_only(self.stop_distance, np.float64))
        if self.atr is not _NO_FLOATS:
            object.__setattr__(self, "atr", read_only(self.atr, np.float64))
        if self.session_last is not _NO_FLAGS:
            object.__setattr__(self, "session_last", read_only(self.session_last, np.bool_))

    def check(self, bars: int) -> None:
        """Raise WindowLengthError unless every array in use covers ``bars`` bars."""
        _check("events", self.events, bars)
        for name in ("stop_distance", "atr", "session_last"):
            values = getattr(self, name)
            if len(values):
                _check(name, values, bars)


def _check(name: str, values: npt.NDArray[Any], bars: int) -> None:
    if len(values) != bars:
        raise WindowLengthError(name, len(values), bars)
