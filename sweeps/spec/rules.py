"""What one value of an axis may be: a rule casts a value to its declared type, or says why it cannot."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from zoneinfo import ZoneInfo, available_timezones

from sweeps.errors import did_you_mean

Value = int | float | bool | str | None
"""One value of an axis; None means "off"."""

Kind = Literal["int", "float", "bool", "text"]

OFF = "off"
_LARGEST_WHOLE = 2**53  # beyond it float64 columns cannot tell neighbours apart
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class Rule(Protocol):
    """What a value may be."""

    @property
    def kind(self) -> Kind:
        """The declared type that values are cast to."""

    def check(self, value: object) -> Value:
        """Return the value in its declared type, None for "off"; raise ValueError with the reason."""


def shown(value: object) -> str:
    """Return a value as a reader of TOML would write it, shortened."""
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 40 else value[:37] + "...", ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        return "a whole number beyond 2**53"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, (list, tuple)):
        return "a list"
    return str(value) if value is not None else '"off"'


@dataclass(frozen=True, slots=True)
class Numbers:
    """Finite numbers within bounds; `whole` casts 5.0 to 5 and refuses 5.5; `off` also admits "off"."""

    whole: bool = False
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None
    off: bool = False
    remedy: str = ""

    @property
    def kind(self) -> Kind:
        """`int` when whole, else `float`."""
        return "int" if self.whole else "float"

    def check(self, value: object) -> Value:
        """Return an int or a float, None for "off"; raise ValueError with the reason."""
        if self.off and (value is None or value == OFF):
            return None
        number = self._number(value)
        broken = self._broken_bound(number)
        if broken:
            remedy = f"; {self.remedy}" if self.remedy else ""
            raise ValueError(f"must be {broken}, got {shown(value)}{remedy}")
        return number

    def _number(self, value: object) -> int | float:
        wanted = ("a whole number" if self.whole else "a number") + (' or "off"' if self.off else "")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            near = did_you_mean(value, [OFF]) if self.off and isinstance(value, str) else ""
            raise ValueError(f"expected {wanted}, got {shown(value)}{near}")  # noqa: TRY004  one kind of refusal
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"expected {wanted}, got {shown(value)}, which is not finite")
        if abs(value) > _LARGEST_WHOLE and (self.whole or isinstance(value, int)):
            raise ValueError(f"expected {wanted} within 2**53, got {shown(value)}")
        if not self.whole:
            return float(value) or 0.0  # -0.0 and 0.0 are one value
        if value != int(value):
            raise ValueError(f"expected {wanted}, got {shown(value)}")
        return int(value)

    def _broken_bound(self, number: float) -> str:
        if self.above is not None and not number > self.above:
            return f"above {self.above:g}"
        if self.at_least is not None and not number >= self.at_least:
            return f"at least {self.at_least:g}"
        if self.at_most is not None and not number <= self.at_most:
            return f"at most {self.at_most:g}"
        if self.below is not None and not number < self.below:
            return f"below {self.below:g}"
        return ""


@dataclass(frozen=True, slots=True)
class Texts:
    """Text, of the given choices if there are any."""

    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Always `text`."""
        return "text"

    def check(self, value: object) -> Value:
        """Return the text; raise ValueError with the reason."""
        if isinstance(value, str) and (not self.choices or value in self.choices):
            return value
        wanted = f"one of {', '.join(map(shown, self.choices))}" if self.choices else "text"
        near = did_you_mean(value, self.choices) if isinstance(value, str) else ""
        raise ValueError(f"expected {wanted}, got {shown(value)}{near}")


@dataclass(frozen=True, slots=True)
class Booleans:
    """True or false."""

    @property
    def kind(self) -> Kind:
        """Always `bool`."""
        return "bool"

    def check(self, value: object) -> Value:
        """Return the boolean; raise ValueError with the reason."""
        if isinstance(value, bool):
            return value
        raise ValueError(f"expected true or false, got {shown(value)}")


@dataclass(frozen=True, slots=True)
class SessionEnds:
    """A time of day and a zone, such as `15:30 Asia/Kolkata`, or "off"."""

    @property
    def kind(self) -> Kind:
        """Always `text`."""
        return "text"

    def check(self, value: object) -> Value:
        """Return `HH:MM Area/City`, None for "off"; raise ValueError with the reason."""
        if value is None or value == OFF:
            return None
        if not isinstance(value, str):
            raise ValueError(f'expected "HH:MM Area/City" or "off", got {shown(value)}')  # noqa: TRY004
        clock, _, zone = value.partition(" ")
        if not _CLOCK.fullmatch(clock) or not zone:
            raise ValueError(
                f'expected "HH:MM Area/City", such as "15:30 Asia/Kolkata", or "off", got {shown(value)}'
            )
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            near = did_you_mean(zone, sorted(available_timezones()))
            raise ValueError(f"there is no time zone {shown(zone)}{near}") from None
        return value


@dataclass(frozen=True, slots=True)
class Scalars:
    """Any finite number, boolean or text: what a grid may hold before it meets its strategy."""

    @property
    def kind(self) -> Kind:
        """Nominal: the strategy's declaration decides."""
        return "text"

    def check(self, value: object) -> Value:
        """Return the value unchanged; raise ValueError with the reason."""
        if isinstance(value, (int, str)) or (isinstance(value, float) and math.isfinite(value)):
            return value
        raise ValueError(f"expected a finite number, true, false or text, got {shown(value)}")


def one_of(choices: Sequence[str]) -> Texts:
    """Return the rule of texts that must be one of ``choices``."""
    return Texts(choices=tuple(choices))
