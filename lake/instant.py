"""Instant: how long ago something was, also on a machine that slept meanwhile."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Instant:
    """A moment, by two clocks: one stands still while a machine sleeps, the other can be set."""

    steady: float
    wall: float

    @staticmethod
    def now() -> "Instant":
        """Return this moment."""
        return Instant(time.monotonic(), time.time())

    def age(self) -> float:
        """Return the seconds since."""
        now = Instant.now()
        return max(now.steady - self.steady, now.wall - self.wall)
