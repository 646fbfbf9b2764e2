"""Bars: the open, high, low, close and volume of one symbol at one timeframe."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

PRICES = ("open", "high", "low", "close")
VALUES = (*PRICES, "volume")
_CANONICAL_NAN = np.float64("nan")


def micros(moment: datetime) -> int:
    """Return an aware time as UTC microseconds since 1970, exactly."""
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + moment.microsecond


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one symbol at one timeframe, ascending in time, without doubles.

    Every array has shape (bars,) and is read-only. `bars["close"]` gives any column by its name, further
    ones included.

    Attributes:
        symbol: Symbol.
        timeframe: Length of a bar, e.g. "1d".
        time: Open time of each bar, UTC microseconds since 1970.
        open: First price, > 0.
        high: Highest price.
        low: Lowest price.
        close: Last price.
        volume: Traded volume, >= 0.
        extra: Further numeric columns by name; NaN where a bar has no value.
        session_tz: Time zone of the trading session.
        periods_per_year: Bars a year, for annual figures.
        adjusted: Whether prices are adjusted for splits and dividends.
    """

    symbol: str
    timeframe: str
    time: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    extra: Mapping[str, FloatArray] = field(default_factory=dict)
    session_tz: str = "UTC"
    periods_per_year: float = 252.0
    adjusted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", _read_only(self.time, np.int64))
        for name in VALUES:
            object.__setattr__(self, name, _read_only(getattr(self, name), np.float64))
        extra = {name: _read_only(self.extra[name], np.float64) for name in sorted(self.extra)}
        object.__setattr__(self, "extra", extra)

    def __reduce__(self) -> tuple[type["Bars"], tuple[object, ...]]:
        """Rebuild through the constructor: a plain pickle would forget that arrays are read-only."""
        return Bars, tuple(getattr(self, item.name) for item in fields(self))

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, name: str) -> FloatArray | IntArray:
        """Return a column by name: time, open, high, low, close, volume or a further one.

        Raises:
            KeyError: If there is none; the message lists what there is.
        """
        if name in self.extra:
            return self.extra[name]
        if name in ("time", *VALUES):
            column: FloatArray | IntArray = getattr(self, name)
            return column
        there = ", ".join(("time", *VALUES, *self.extra))
        message = f'{self.symbol} {self.timeframe} has no column "{name}"; there is {there}'
        raise KeyError(message)

    def between(self, start: int, stop: int) -> "Bars":
        """Return bars start, ..., stop - 1, sharing memory with these."""
        part = slice(start, stop)
        columns = {name: getattr(self, name)[part] for name in ("time", *VALUES)}
        return replace(self, **columns, extra={name: column[part] for name, column in self.extra.items()})

    def cut(self, n: int) -> "Bars":
        """Return the first `n` bars, sharing memory with these."""
        return self.between(0, n)

    def first_at_or_after(self, moment: datetime) -> int:
        """Return the index of the first bar that opens at an aware time or later; `len` if there is none."""
        return int(np.searchsorted(self.time, micros(moment), side="left"))

    def opens_at(self, index: int) -> datetime:
        """Return a bar's open as a UTC time."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(self.time[index]))

    def without_empty_columns(self) -> "Bars":
        """Return these bars without the further columns of which they have no value."""
        filled = {name: column for name, column in self.extra.items() if not np.isnan(column).all()}
        return replace(self, extra=filled)

    def fingerprint(self) -> str:
        """Return a hash of all that a run can read: 32 hex characters.

        Symbol, timeframe, times, and every column's name and values count; -0.0 is 0.0 and every NaN is
        one NaN. Equal on every machine.
        """
        return self.fingerprints([len(self)])[0]

    def fingerprints(self, lengths: Sequence[int]) -> list[str]:
        """Return the fingerprints of the first so many bars, for each of some lengths; one pass over all.

        Args:
            lengths: Numbers of bars, ascending.
        """
        columns = {"time": self.time.astype("<i8", copy=False)}
        for name in (*VALUES, *self.extra):
            values = np.where(np.isnan(self[name]), _CANONICAL_NAN, self[name] + 0.0)
            columns[name] = values.astype("<f8", copy=False)
        digests = {name: hashlib.blake2b(digest_size=16) for name in columns}
        found, done = [], 0
        for length in lengths:
            whole = hashlib.blake2b(f"{self.symbol}\0{self.timeframe}\0{length}".encode(), digest_size=16)
            for name, values in columns.items():
                digests[name].update(values[done:length].tobytes())
                whole.update(f"\0{name}\0".encode() + digests[name].digest())
            found.append(whole.hexdigest())
            done = length
        return found


def _read_only(values: npt.ArrayLike, kind: type[np.generic]) -> npt.NDArray[np.generic]:
    view = np.ascontiguousarray(values, dtype=kind).view()
    view.setflags(write=False)
    return view
