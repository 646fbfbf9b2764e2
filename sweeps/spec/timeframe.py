"""The length of a bar, as text and as microseconds."""

import re

from sweeps.spec.errors import TimeframeError

_TEXT = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_UNIT_MICROS = {
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}


def timeframe_micros(timeframe: str) -> int:
    """Return how long one bar of a timeframe lasts.

    Args:
        timeframe: A count and a unit: `30s`, `15m`, `4h`, `1d`, `1w`.

    Returns:
        Microseconds, above 0.

    Raises:
        TimeframeError: If ``timeframe`` is anything else, or its count is 0.
    """
    match = _TEXT.fullmatch(timeframe)
    if match is None or int(match[1]) == 0:
        raise TimeframeError(timeframe)
    return int(match[1]) * _UNIT_MICROS[match[2]]
