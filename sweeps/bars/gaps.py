"""Gaps: bars that are usually there and are not. They are reported, never refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from sweeps.bars.frame import Bars, BoolArray, IntArray
from sweeps.bars.sessions import wall_time
from sweeps.bars.timeframes import DAY, FIRST_MONDAY, WEEK
from sweeps.spec.timeframe import timeframe_micros

WEEKS_THAT_SHOW_A_PATTERN = 4


@dataclass(frozen=True)
class Gaps:
    """Where bars are missing.

    Attributes:
        count: Stretches without bars.
        missing: Bars that the usual week would have there.
        longest: Time between the neighbours of the longest stretch.
        after: Last bar before the longest stretch; None if there is no gap.
    """

    count: int = 0
    missing: int = 0
    longest: timedelta = timedelta(0)
    after: datetime | None = None

    def __str__(self) -> str:
        if self.after is None:
            return "no gaps"
        noun = "gap" if self.count == 1 else "gaps"
        days, rest = divmod(self.longest, timedelta(days=1))
        parts = (f"{days} days" if days else "", str(rest) if rest else "")
        longest = " ".join(part for part in parts if part)
        after = f"{self.after:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
        return f"{self.count} {noun}, {self.missing} bars missing, the longest {longest} after {after}"


def find_gaps(bars: Bars) -> Gaps:
    """Return the gaps of bars, knowing their weekends and sessions.

    A slot of the week (a weekday and time of day in the session's zone) is usual if at least half of the
    weeks have a bar in it, so weekends and nights are no gaps and holidays are. Of less than four weeks the
    usual weekdays and the usual times of day are judged apart.
    """
    if len(bars) < 3:
        return Gaps()
    step = timeframe_micros(bars.timeframe)
    period = WEEK if WEEK % step == 0 else step
    slot = (wall_time(bars.time, bars.session_tz) - FIRST_MONDAY) // step
    slots = period // step
    usual = _usual(slot, slots, slots // 7 if DAY % step == 0 else 1)
    # Usual slots before any slot k: whole periods, and a part of one.
    within = np.concatenate(([0], np.cumsum(usual)))

    def before(k: IntArray) -> IntArray:
        return np.asarray((k // slots) * within[-1] + within[k % slots])

    missing = np.maximum(before(slot[1:]) - before(slot[:-1] + 1), 0)
    stretches = np.flatnonzero(missing)
    if not len(stretches):
        return Gaps()
    lengths = np.diff(bars.time)[stretches]
    worst = stretches[np.argmax(lengths)]
    return Gaps(
        count=len(stretches),
        missing=int(missing.sum()),
        longest=timedelta(microseconds=int(lengths.max())),
        after=bars.opens_at(int(worst)),
    )


def _usual(slot: IntArray, slots: int, slots_a_day: int) -> BoolArray:
    """Return which slots of a period usually have a bar, shape (slots,)."""
    held = np.unique(slot)
    weeks = (held[-1] - held[0] + 1) / slots
    if weeks >= WEEKS_THAT_SHOW_A_PATTERN or slots_a_day <= 1:
        return _at_least_half(held, slots)
    days = _at_least_half(np.unique(held // slots_a_day), 7)
    sessions = len(np.unique(held // slots_a_day))
    times = np.bincount(held % slots_a_day, minlength=slots_a_day) * 2 >= sessions
    return np.repeat(days, slots_a_day) & np.tile(times, 7)


def _at_least_half(held: IntArray, slots: int) -> BoolArray:
    """Return which slots are held at least every other time that they come by."""
    counts = np.bincount(held % slots, minlength=slots)
    span = held[-1] - held[0] + 1
    chances = span // slots + (((np.arange(slots) - held[0]) % slots) < span % slots)
    return np.asarray((counts > 0) & (counts * 2 >= chances))
