"""Values as people and as programs read them; a column of numbers shares its decimals."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
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
    if is_interval(value):
        return interval(value)
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


def plain(value: Any) -> Any:
    """Return a value as JSON knows it, item by item.

    Times are ISO 8601 text, intervals text as DuckDB writes them, lengths of time seconds, decimals numbers,
    NaN and infinity null. What is nothing of this stays as it is.
    """
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if is_interval(value):
        return interval(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def is_interval(value: object) -> bool:
    """Return whether a value is Arrow's interval: a tuple of months, days and nanoseconds."""
    return type(value).__name__ == "MonthDayNano"


def interval(value: Any) -> str:
    """Return Arrow's interval as DuckDB writes it, e.g. `1 year 2 months -3 days 04:05:06.5`."""
    years, months = (math.copysign(part, value.months) for part in divmod(abs(value.months), 12))
    counts = {"year": int(years), "month": int(months), "day": value.days}
    parts = [
        f"{count} {unit}" if abs(count) == 1 else f"{count} {unit}s"
        for unit, count in counts.items()
        if count
    ]
    if value.nanoseconds or not parts:
        seconds, rest = divmod(abs(value.nanoseconds) // 1000, 1_000_000)
        sign, fraction = "-" * (value.nanoseconds < 0), f".{rest:06}".rstrip("0").removesuffix(".")
        parts.append(f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}")
    return " ".join(parts)


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
