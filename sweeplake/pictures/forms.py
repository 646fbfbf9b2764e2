"""Forms: values as people read them on a page; `-` is undefined."""

import math
from datetime import UTC, datetime
from typing import Any

UNDEFINED = "-"


def text(value: Any) -> str:
    """Return words as they are."""
    return UNDEFINED if value is None else str(value)


def percent(value: float | None) -> str:
    """Return a fraction as percent, e.g. `12.3%`."""
    return _number(value, ",.1f", 100.0, "%")


def number(value: float | None) -> str:
    """Return a number with two decimals."""
    return _number(value, ",.2f")


def value(item: Any) -> str:
    """Return a value of any kind: a flag as yes or no, a number with two decimals, a whole one with none."""
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float):
        return number(item)
    return count(item) if isinstance(item, int) else text(item)


def count(whole: float | None) -> str:
    """Return a whole number."""
    return _number(whole, ",.0f")


def price(value: float | None) -> str:
    """Return a price with six digits, whatever its size."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"


def day(value: datetime | None) -> str:
    """Return a UTC day."""
    return UNDEFINED if value is None else f"{value:%Y-%m-%d}"


def moment(value: datetime | None) -> str:
    """Return a time in UTC; midnight is the day alone."""
    if value is None:
        return UNDEFINED
    utc = value.astimezone(UTC) if value.tzinfo else value
    return f"{utc:%Y-%m-%d %H:%M}".removesuffix(" 00:00")


def _number(value: float | None, form: str, times: float = 1.0, unit: str = "") -> str:
    """Return a number; one that rounds to zero has no sign."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    shown = format(value * times, form)
    return (shown.removeprefix("-") if not shown.strip("-0.,") else shown) + unit
