"""Ranges of an axis, counted in decimal: 0.1 x 3 is 0.3, and the stop is included when it is reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from typing import Literal, cast

from sweeps.errors import did_you_mean
from sweeps.spec.errors import AxisError, Problem
from sweeps.spec.rules import Numbers, shown

MOST_VALUES = 1_000_000
"""An axis holds at most this many values; its table is kept in memory."""

_DECIMAL = Context(prec=40)
_NUMBER = Numbers()
_COUNT = Numbers(whole=True, at_least=1, at_most=MOST_VALUES)


@dataclass(frozen=True, slots=True)
class StepRange:
    """`start`, `start + step`, ... up to and including `stop`; whole when start and step are."""

    start: int | float
    stop: int | float
    step: int | float

    def values(self) -> tuple[int | float, ...]:
        """Return the values in ascending order, each the float nearest to its decimal."""
        whole = isinstance(self.start, int) and isinstance(self.step, int)
        with localcontext(_DECIMAL):
            start, step = _decimal(self.start), _decimal(self.step)
            decimals = [start + step * k for k in range(self.size())]
        return tuple(int(value) if whole else float(value) for value in decimals)

    def size(self) -> int:
        """Return how many values there are, without making them."""
        with localcontext(_DECIMAL):
            steps = (_decimal(self.stop) - _decimal(self.start)) / _decimal(self.step)
            return int(steps.to_integral_value(rounding=ROUND_FLOOR)) + 1


@dataclass(frozen=True, slots=True)
class CountRange:
    """`num` values from `start` to `stop`, both included, evenly apart on a linear or log scale."""

    start: int | float
    stop: int | float
    num: int
    scale: Literal["linear", "log"] = "linear"

    def values(self) -> tuple[float, ...]:
        """Return the values in ascending order; the same bits on every machine."""
        if self.num == 1:
            return (float(self.start),)
        with localcontext(_DECIMAL):
            start, stop = _decimal(self.start), _decimal(self.stop)
            if self.scale == "log":
                low, width = start.ln(), (stop / start).ln() / (self.num - 1)
                inner = [(low + width * k).exp() for k in range(1, self.num - 1)]
            else:
                width = (stop - start) / (self.num - 1)
                inner = [start + width * k for k in range(1, self.num - 1)]
        return (float(self.start), *map(float, inner), float(self.stop))


def read_range(raw: Mapping[str, object], key: str) -> StepRange | CountRange:
    """Read `{ start, stop, step }` or `{ start, stop, num, scale }`.

    Args:
        raw: The table as TOML gives it.
        key: Where it stands, such as `grid.fast`; problems are named below it.

    Returns:
        A range that holds at least one value and at most ``MOST_VALUES``.

    Raises:
        AxisError: With every problem of the table.
    """
    counted = "num" in raw or "scale" in raw
    wanted = ("start", "stop", "num") if counted else ("start", "stop", "step")
    allowed = (*wanted, "scale") if counted else wanted
    problems: list[Problem] = [
        (f"{key}.{name}", _unknown(name, counted=counted)) for name in raw if name not in allowed
    ]
    problems += [
        (f"{key}.{name}", "missing; a range is { start, stop, step } or { start, stop, num }")
        for name in wanted
        if name not in raw
    ]
    numbers: dict[str, int | float] = {}
    for name in wanted:
        if name in raw:
            try:
                numbers[name] = _number(raw[name], whole=name == "num")
            except ValueError as error:
                problems.append((f"{key}.{name}", str(error)))
    scale = raw.get("scale", "linear")
    if scale not in ("linear", "log"):
        near = did_you_mean(str(scale), ["linear", "log"])
        problems.append((f"{key}.scale", f'expected "linear" or "log", got {shown(scale)}{near}'))
    if problems:
        raise AxisError(tuple(problems))
    if counted:
        count = CountRange(
            numbers["start"], numbers["stop"], int(numbers["num"]), cast("Literal['linear', 'log']", scale)
        )
        return _checked_count(count, key)
    return _checked_step(StepRange(numbers["start"], numbers["stop"], numbers["step"]), key)


def _checked_step(steps: StepRange, key: str) -> StepRange:
    if steps.step <= 0:
        raise AxisError(((f"{key}.step", f"must be above 0, got {shown(steps.step)}"),))
    if steps.stop < steps.start:
        raise AxisError(((key, f"empty: stop {steps.stop} is below start {steps.start}; swap them"),))
    if steps.size() > MOST_VALUES:
        reason = f"would make {steps.size():,} values, more than {MOST_VALUES:,}; take a larger step"
        raise AxisError(((key, reason),))
    return steps


def _checked_count(count: CountRange, key: str) -> CountRange:
    if count.scale == "log" and not (count.start > 0 and count.stop > 0):
        raise AxisError(((key, 'scale = "log" needs start and stop above 0'),))
    if count.stop < count.start:
        raise AxisError(((key, f"empty: stop {count.stop} is below start {count.start}; swap them"),))
    if count.num > 1 and count.stop == count.start:
        raise AxisError(((key, f"start equals stop, so there is one value, not {count.num}; set num = 1"),))
    if count.num == 1 and count.stop != count.start:
        raise AxisError(((f"{key}.num", "1 value cannot include both start and stop; take 2 or more"),))
    return count


def _unknown(name: str, *, counted: bool) -> str:
    if name == "step" and counted:
        return "a range has either step or num, not both; remove one"
    allowed = ("start", "stop", "step", "num", "scale")
    return f"unknown key in a range (start, stop, step or num, scale){did_you_mean(name, allowed)}"


def _number(raw: object, *, whole: bool) -> int | float:
    if whole:
        return cast("int", _COUNT.check(raw))
    number = cast("float", _NUMBER.check(raw))
    return raw if isinstance(raw, int) else number


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))
