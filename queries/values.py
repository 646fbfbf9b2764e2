"""Values as people read them; a column of numbers shares its decimals."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

DIGITS = 5
_LARGE = 1e4
_EXACT = 1e15
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def shown(value: object, digits: int = DIGITS) -> str:
    """Return one value on one line: so many significant digits, `-` for NULL, times in UTC."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, (float, Decimal)):
        return _number(float(value), digits)
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, timedelta):
        return str(value).removesuffix(", 0:00:00")
    if type(value).__name__ == "MonthDayNano":  # Arrow's interval, a tuple that knows its names
        value = {name: getattr(value, name) or None for name in ("months", "days", "nanoseconds")}
    if isinstance(value, Mapping):
        return " ".join(f"{name}={shown(item, digits)}" for name, item in value.items() if item is not None)
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(item, digits) for item in value)
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), str(value))


def column(values: Sequence[Any], digits: int = DIGITS) -> list[str]:
    """Return a column's values as text; its fractional numbers share their decimals.

    They are as many as give the largest number its digits, less those that are zero in every row. A number
    that would then look like zero keeps its own digits.
    """
    numbers = [abs(float(value)) for value in values if is_number(value) and math.isfinite(value)]
    if all(number == int(number) for number in numbers):
        return [shown(value, digits) for value in values]
    largest = max(numbers)
    most = max(0, digits - len(str(int(largest))))
    decimals = max(len(f"{number:.{most}f}".rstrip("0").partition(".")[2]) for number in numbers)
    return [_fixed(value, decimals, digits) if is_number(value) else shown(value) for value in values]


def is_number(value: object) -> bool:
    """Return whether a value is a number; a flag is none."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _fixed(value: float | Decimal, decimals: int, digits: int) -> str:
    number = float(value)
    if not math.isfinite(number):
        return "-"
    if abs(number) >= _EXACT or (number and not round(number, decimals)):
        return f"{number:.{max(1, digits - 3)}g}"
    grouped = "," if abs(number) >= _LARGE else ""
    return f"{number + 0.0:{grouped}.{decimals}f}"


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "-"
    if value == int(value) and abs(value) < _EXACT:
        return _whole(int(value))
    if _LARGE <= abs(value) < _EXACT:
        return f"{value:,.{max(0, digits - len(str(int(abs(value)))))}f}"
    return f"{value:.{digits}g}"


def _whole(value: int) -> str:
    return f"{value:,}" if abs(value) >= _LARGE else str(value)


def _time(value: datetime) -> str:
    utc = value.astimezone(UTC) if value.tzinfo else value
    return f"{utc:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")
