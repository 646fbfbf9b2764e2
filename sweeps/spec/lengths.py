"""Lengths of time in a configuration: a number of bars, or calendar time such as "6mo"."""

import calendar
import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Annotated

from sweeps.spec.rules import shown
from sweeps.spec.section import ReadBy, refused

_TEXT = re.compile(r"(\d{1,6})(m|h|d|w|mo|y)", re.ASCII)
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_MONTHS = {"mo": 1, "y": 12}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BARS = "bars"


@dataclass(frozen=True)
class Duration:
    """A length of time.

    Attributes:
        count: How many units, >= 0.
        unit: bars, or m, h, d, w, mo, y of the calendar, UTC.
    """

    count: int
    unit: str

    def times(self, factor: int) -> "Duration":
        """Return so many of them."""
        return Duration(self.count * factor, self.unit)

    def after(self, moment: int) -> int:
        """Return the time that is so much later; UTC microseconds, as is `moment`.

        Months end where they end: a month after January 31st is the last of February.
        """
        if self.unit in _MONTHS:
            return _month_later(moment, self.count * _MONTHS[self.unit])
        return moment + self.count * (_UNITS[self.unit] // timedelta(microseconds=1))

    def before(self, moment: int) -> int:
        """Return the time that is so much earlier."""
        return Duration(-self.count, self.unit).after(moment)


def duration(raw: int | str) -> Duration:
    """Return a length as a configuration writes it.

    Raises:
        ValueError: If it is none.
    """
    if isinstance(raw, int):
        return Duration(raw, BARS)
    match = _TEXT.fullmatch(raw)
    if match is None:
        raise ValueError(raw)
    return Duration(int(match[1]), match[2])


def _read(raw: object) -> object:
    wanted = 'a number of bars, or a time such as "90d", "12w", "6mo" or "2y"'
    is_number = isinstance(raw, int) and not isinstance(raw, bool)
    if not (is_number or isinstance(raw, str)):
        raise refused(("", f"expected {wanted}, got {shown(raw)}"))
    try:
        length = duration(raw)  # type: ignore[arg-type]  # checked above
    except ValueError:
        raise refused(("", f"expected {wanted}, got {shown(raw)}")) from None
    if length.count < 0:
        raise refused(("", f"must be at least 0, got {shown(raw)}"))
    return raw


Length = Annotated[int | str, ReadBy(_read)]


def _month_later(moment: int, months: int) -> int:
    at = _EPOCH + timedelta(microseconds=moment)
    years, month = divmod(at.month - 1 + months, 12)
    year = at.year + years
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError(year)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return (at.replace(year=year, month=month + 1, day=day) - _EPOCH) // timedelta(microseconds=1)
