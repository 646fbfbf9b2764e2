"""A column: the values of one parameter in many sets, which calculate as each of them would alone."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, NoReturn, Self

import numpy as np
import numpy.typing as npt

from sweeps.strategies.contract import FloatArray
from sweeps.strategies.errors import ColumnsError

Codes = npt.NDArray[np.int64]


class Refusing:
    """What notes all that is asked of it beside what its class allows, and refuses it.

    Attributes:
        meaning: What it is, which says why.
        refused: What was refused in a call, also where the strategy went on after it.
    """

    __slots__ = ()
    meaning: ClassVar[str]
    refused: list[str]

    def refuse(self, what: str) -> NoReturn:
        """Note what is refused, and raise."""
        raise self.note(what)

    def note(self, what: str) -> ColumnsError:
        """Note what is refused, and return it."""
        self.refused.append(f"{type(self).meaning}, and takes no {what}")
        return ColumnsError(self.refused[-1])

    def __getattr__(self, name: str) -> NoReturn:
        if not name.startswith("__"):
            self.note(f".{name}")
        raise AttributeError(name)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: Any) -> Self:
        return self

    def __str__(self) -> str:  # of a line in a log, which is no reason to fail
        return str(self.note("text"))

    __repr__ = __str__

    def __format__(self, _: str) -> str:
        return str(self)


def refusing(name: str) -> Callable[..., Any]:
    """Return a method that refuses."""

    def method(self: Refusing, *_: Any, **__: Any) -> None:
        self.refuse(f"{name}()")

    return method


class Column(Refusing):
    """Values of one parameter, one a set, or what a strategy calculates from them.

    Operators and NumPy's functions are called once for each distinct value, or pair of values, as they are
    for a set alone. What can only be said of one value (`if`, `int()`, `in`, a text) is refused: sets may
    differ in it. Parts it has none, as a number: `"text" % column` would take it for a mapping and not raise.

    Attributes:
        values: Distinct values.
        of_set: Which of them each set has, shape (sets,).
    """

    __slots__ = ("of_set", "refused", "values")
    meaning = "a column has a value for each set"

    def __init__(self, values: Sequence[Any], of_set: Codes, refused: list[str]) -> None:
        self.values, self.of_set, self.refused = values, of_set, refused

    @classmethod
    def of(cls, given: npt.NDArray[Any], refused: list[str]) -> "Column":
        """Return the values of an array, shape (sets,)."""
        if given.dtype.kind == "O":
            return cls._merged(given.tolist(), np.arange(len(given)), refused)
        of_set, first = _codes(given)
        return cls(given[first].tolist(), of_set, refused)

    @classmethod
    def _merged(cls, values: Sequence[Any], of_set: Codes, refused: list[str]) -> "Column":
        places: dict[Any, int] = {}
        # Equal values of one type are one value; of those that are false, 0.0 and -0.0 are two.
        codes = [places.setdefault((type(one), one or repr(one)), len(places)) for one in values]
        kept = dict(zip(codes, values, strict=True))
        made = NumpyColumn if all(isinstance(one, (np.number, np.bool_)) for one in values) else Column
        return made([kept[code] for code in range(len(places))], np.array(codes)[of_set], refused)

    def numbers(self) -> FloatArray | None:
        """Return the number of each set, shape (sets,); None if they are no numbers."""
        if not all(isinstance(one, (int, float, np.integer, np.bool_)) for one in self.values):
            return None
        return np.array([float(one) for one in self.values])[self.of_set]

    def at(self, sets: Codes) -> list[Any]:
        """Return the values of some sets."""
        return [self.values[code] for code in self.of_set[sets].tolist()]

    def _each(
        self, function: Callable[..., Any], given: Sequence[Any], named: Mapping[str, Any] | None = None
    ) -> "Column":
        """Return what a function gives for each set."""
        named = named or {}
        everything = (*given, *named.values())
        of_set, first = joined([one for one in everything if isinstance(one, Column)], len(self.of_set))
        with noted(self.refused):
            made = [
                function(*values[: len(given)], **dict(zip(named, values[len(given) :], strict=True)))
                for values in rows_of(everything, first)
            ]
            if any(isinstance(one, (tuple, list, np.ndarray)) for one in made):
                self.refuse("calculation that gives several values")
            return self._merged(made, of_set, self.refused)

    def __array_ufunc__(self, function: np.ufunc, method: str, *given: Any, **named: Any) -> Any:
        if any(_has_bars(one) and not isinstance(one, np.ndarray) for one in given):
            return NotImplemented
        if method != "__call__" or any(map(_has_bars, (*given, *named.values()))):
            self.refuse(f"{function.__name__} of arrays and columns")
        if function is np.power and isinstance(given[0], np.generic):
            self.refuse("power of a NumPy number")  # whose own ** rounds otherwise than np.power
        return self._each(function, given, named)

    def __array_function__(
        self, function: Callable[..., Any], _: Any, given: Sequence[Any], named: Mapping[str, Any]
    ) -> Any:
        everything = (*given, *named.values())
        if any(map(_has_bars, everything)) or not any(isinstance(one, Column) for one in everything):
            self.refuse(f"{function.__name__} of arrays and columns")
        return self._each(function, given, named)

    def __round__(self, digits: Any = None) -> "Column":
        return self._each(round, (self, digits))


class NumpyColumn(Column):
    """A column of NumPy's numbers, which have parts: `"text" % number` takes them for mappings."""

    __slots__ = ()
    __getitem__ = refusing("getitem")


@contextmanager
def noted(refused: list[str]) -> Iterator[None]:
    """Note what is raised in a block: a strategy that catches it would decide for all sets by one."""
    try:
        yield
    except BaseException as error:
        refused.append(f"{type(error).__name__}: {error}")
        raise


def _has_bars(given: Any) -> bool:
    """Return whether something has a value for each bar, not for each set."""
    return hasattr(type(given), "__array_ufunc__") and not isinstance(given, (Column, np.generic))


def _operator(name: str) -> Callable[..., Any]:
    function = getattr(operator, f"__{name}__")

    def method(self: Column, *others: Any) -> Any:
        return NotImplemented if any(map(_has_bars, others)) else self._each(function, (self, *others))

    return method


def _reflected(name: str) -> Callable[..., Any]:
    function = getattr(operator, f"__{name}__")

    def method(self: Column, other: Any) -> Any:
        return NotImplemented if _has_bars(other) else self._each(function, (other, self))

    return method


PAIRS = "add sub mul truediv floordiv mod pow and or xor lshift rshift"
SIDED = "lt le eq ne gt ge neg pos abs invert"
OF_ONE_VALUE = (
    "bool hash iter len int float complex index trunc floor ceil array contains setitem divmod matmul"
)

for _name in (*PAIRS.split(), *SIDED.split(), *OF_ONE_VALUE.split()):
    setattr(Refusing, f"__{_name}__", refusing(_name))
for _name in (*PAIRS.split(), "divmod", "matmul"):
    setattr(Refusing, f"__r{_name}__", refusing(_name))
for _name in PAIRS.split():
    setattr(Column, f"__{_name}__", _operator(_name))
    setattr(Column, f"__r{_name}__", _reflected(_name))
for _name in SIDED.split():
    setattr(Column, f"__{_name}__", _operator(_name))


def rows_of(given: Sequence[Any], sets: Codes) -> list[tuple[Any, ...]]:
    """Return what some sets give, each the values of columns and the rest as it is."""
    lists = [one.at(sets) if isinstance(one, Column) else [one] * len(sets) for one in given]
    return list(zip(*lists, strict=True))


def joined(columns: Sequence[Column], sets: int) -> tuple[Codes, Codes]:
    """Return which distinct combination of values each set has, and the first set of each combination."""
    of_set, first = np.zeros(sets, np.int64), np.zeros(1, np.int64)
    for column in columns:
        more = len(column.values)
        of_set, first = distinct(of_set * more + column.of_set, len(first) * more)
    return of_set, first


def distinct(keys: Codes, size: int) -> tuple[Codes, Codes]:
    """Return which distinct key each one is, and where each distinct key stands first.

    Args:
        keys: Numbers in [0, size), shape (k,).
        size: Their bound; far above k it costs a sort.
    """
    if size > 16 * len(keys):
        _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
        return codes, first
    at = np.full(size, -1, np.int64)
    at[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
    used = np.flatnonzero(at >= 0)
    first = at[used]
    at[used] = np.arange(len(used))
    return at[keys], first


def _codes(given: npt.NDArray[Any]) -> tuple[Codes, Codes]:
    """Return which distinct value each one is, and where each stands first; 0.0 and -0.0 are two."""
    if given.dtype.kind in "ib":
        low, high = int(given.min()), int(given.max())
        if high - low < 16 * len(given):
            return distinct(given.astype(np.int64) - low, high - low + 1)
    keys = np.ascontiguousarray(given).view(np.int64)
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return codes.astype(np.int64), first
