"""Timeframes: their one spelling, and which one bars seem to have."""

import numpy as np

from sweeps.bars.frame import IntArray
from sweeps.spec.timeframe import timeframe_micros

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
WEEK = 7 * DAY
FIRST_MONDAY = 4 * DAY
"""Microseconds from 1970-01-01 to the first Monday."""
_UNITS = (("w", WEEK), ("d", DAY), ("h", HOUR), ("m", 60 * SECOND), ("s", SECOND))


def spell(micros: int) -> str:
    """Return a length in its largest whole unit: an hour is "1h", however it was written.

    Raises:
        ValueError: If it is not a positive number of whole seconds.
    """
    for unit, size in _UNITS:
        if micros > 0 and micros % size == 0:
            return f"{micros // size}{unit}"
    message = f"{micros} microseconds are not a timeframe"
    raise ValueError(message)


def normal(timeframe: str) -> str:
    """Return the one spelling of a timeframe: "60m" is "1h", "7d" is "1w"."""
    return spell(timeframe_micros(timeframe))


def usual_step(time: IntArray) -> int | None:
    """Return the (lower) median time between neighbours, microseconds; None for fewer than two bars."""
    if len(time) < 2:
        return None
    steps = np.diff(time)
    middle = (len(steps) - 1) // 2
    return int(np.partition(steps, middle)[middle])


def infer(time: IntArray) -> str | None:
    """Return the timeframe that bars seem to have; None if they are too few or off whole seconds."""
    step = usual_step(time)
    return spell(step) if step is not None and step > 0 and step % SECOND == 0 else None
