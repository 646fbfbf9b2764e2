"""Given: numbers and texts that a caller passes, refused where they are something else."""

from collections.abc import Sequence
from decimal import Decimal
from numbers import Integral, Real

from queries.errors import BadValueError

RUNS = "ask for at least one run"
_MOST = 2**63 - 1
"""The most rows that SQL can be asked for."""


def count(name: str, value: object, least: int, told: str = RUNS) -> int:
    """Return a whole number as Python's own.

    Raises:
        BadValueError: If it is none, or less than the least one; it says what is told. Or if SQL has no such
            number.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise BadValueError(name, value, told)
    if int(value) > _MOST:
        raise BadValueError(name, value, f"give {_MOST:,} at most")
    return int(value)


def number(name: str, value: object) -> float | None:
    """Return a number as Python's own, whole ones whole, or None of None.

    Raises:
        BadValueError: If it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        raise BadValueError(name, value, "give a number, e.g. 0.5, or None for any")
    return int(value) if isinstance(value, Integral) else float(value)


def require_text(name: str, value: object, told: str) -> None:
    """Return if a value is a text.

    Raises:
        BadValueError: If it is none; it says what is told.
    """
    if not isinstance(value, str):
        raise BadValueError(name, value, told)


def require_texts(values: Sequence[tuple[str, object]]) -> None:
    """Return if all values are texts, or None.

    Raises:
        BadValueError: If one is not; it names it.
    """
    for name, value in values:
        if not (value is None or isinstance(value, str)):
            raise BadValueError(name, value, "give a text, or None for any")
