"""An axis: the values that one setting takes, in the order in which the grid visits them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.errors import AxisError, Problem
from sweeps.spec.ranges import MOST_VALUES, CountRange, StepRange, read_range
from sweeps.spec.rules import Kind, Rule, Scalars, Value, shown

Section = Literal["strategy", "execution", "exits"]

AxisSpec = int | float | bool | str | tuple[int | float | bool | str, ...] | StepRange | CountRange
"""An axis as the configuration writes it: a scalar, a list, or a range."""

_MOST_PROBLEMS = 5
_ANY = Scalars()


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of the grid.

    Attributes:
        names: The settings that it moves: one, or two that move together (`sizing_kind`, `sizing_value`).
        rows: One tuple per position, one value per name; None means "off".
        section: Where its settings are configured.
        kinds: The declared type of each name.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    section: Section
    kinds: tuple[Kind, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> tuple[Value, ...]:
        """Return the values of one name, one per position."""
        at = self.names.index(name)
        return tuple(row[at] for row in self.rows)

    def array(self, name: str) -> NDArray[np.float64] | NDArray[np.object_]:
        """Return the values of one name, shape (positions,): float64 with NaN for off, else objects."""
        values = self.column(name)
        if self.kinds[self.names.index(name)] in ("int", "float"):
            return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        array = np.empty(len(values), dtype=np.object_)
        array[:] = values
        return array


def read_axis(raw: object, key: str) -> AxisSpec:
    """Read the axis that a configuration writes, without judging its values.

    Args:
        raw: A scalar, a list, or a range's table.
        key: Where it stands, such as `grid.fast`.

    Raises:
        AxisError: If it is an empty list, or a range that is no range.
    """
    if isinstance(raw, (StepRange, CountRange)):
        return raw
    if isinstance(raw, Mapping):
        return read_range(raw, key)
    if isinstance(raw, (list, tuple)):
        if not raw:
            raise AxisError(((key, "empty; give at least one value, or remove the key"),))
        if len(raw) > MOST_VALUES:
            raise AxisError(((key, f"{len(raw):,} values, more than {MOST_VALUES:,}"),))
        return tuple(raw)
    if isinstance(raw, (bool, int, float, str)):
        return raw
    raise AxisError(((key, f"expected a value, a list or a range, got {shown(raw)}"),))


def expand(spec: AxisSpec, key: str, rule: Rule = _ANY) -> tuple[Value, ...]:
    """Return every value of an axis, cast to its declared type.

    A `num` range of a whole-number setting is rounded to whole numbers, each once.

    Args:
        spec: What the configuration says.
        key: Where it stands, such as `grid.fast`; a bad value of a list is named `grid.fast[2]`.
        rule: What each value may be.

    Returns:
        At least one value, distinct, in the order given; None for "off".

    Raises:
        AxisError: With every bad or repeated value (the first few, and how many more).
    """
    raw = _written(spec, whole=rule.kind == "int")
    values: list[Value] = []
    problems: list[Problem] = []
    for at, item in enumerate(raw):
        try:
            values.append(rule.check(item))
        except ValueError as error:
            problems.append((f"{key}[{at}]" if isinstance(spec, tuple) else key, str(error)))
    problems += repeated([(value,) for value in values], key)
    if problems:
        raise AxisError(shortened(problems, key))
    return tuple(values)


def repeated(rows: Sequence[tuple[Value, ...]], key: str) -> list[Problem]:
    """Return a problem for each row that an axis holds more than once."""
    if len(set(rows)) == len(rows):  # equal sets are rare: True == 1 only meets here, and is looked at below
        return []
    seen: set[tuple[tuple[type, Value], ...]] = set()
    problems: list[Problem] = []
    for row in rows:
        typed = tuple((type(value), value) for value in row)
        if typed in seen:
            problems.append((key, f"{' with '.join(map(shown, row))} appears twice; remove one"))
        seen.add(typed)
    return problems


def shortened(problems: Iterable[Problem], key: str) -> tuple[Problem, ...]:
    """Return the first few problems of one axis, and how many more there are."""
    found = list(problems)
    if len(found) <= _MOST_PROBLEMS:
        return tuple(found)
    return (*found[:_MOST_PROBLEMS], (key, f"and {len(found) - _MOST_PROBLEMS:,} more problems like these"))


def _written(spec: AxisSpec, *, whole: bool) -> tuple[int | float | bool | str, ...]:
    if isinstance(spec, StepRange):
        return spec.values()
    if isinstance(spec, CountRange):
        numbers = spec.values()
        return tuple(dict.fromkeys(map(round, numbers))) if whole else numbers
    return spec if isinstance(spec, tuple) else (spec,)
