"""What a strategy is: the words that users write theirs with.

A strategy is a plain function ``f(bars, ind, *, fast: int = 10, slow: int = 50)`` that returns a signal: a
state of -1, 0 or 1 a bar (a boolean means 0/1), a pair ``(entries, exits)``, or :class:`Signals`. A
backtester is a function ``f(bars, *, fast, slow)`` marked with :func:`backtester` that returns a whole
result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.strategies.source import StrategySource

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
EventArray: TypeAlias = npt.NDArray[np.uint8]
Direction: TypeAlias = Literal["long", "short", "both"]
StrategyKind: TypeAlias = Literal["signals", "backtester", "bar_by_bar"]
ParameterKind: TypeAlias = Literal["int", "float", "bool", "text"]
ParameterValue: TypeAlias = int | float | bool | str
Function = TypeVar("Function", bound=Callable[..., Any])

MARK = "__sweeplake_mark__"


@dataclass(frozen=True)
class Param:
    """Describes one parameter in its annotation: ``fast: Annotated[int, Param("bars", ge=1)] = 10``.

    Attributes:
        meaning: One line for people.
        ge: Smallest allowed value, None for no bound.
        le: Largest allowed value, None for no bound.
        choices: The only allowed values, empty for any.
    """

    meaning: str = ""
    ge: float | None = None
    le: float | None = None
    choices: tuple[ParameterValue, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One declared parameter of a strategy; ``default`` is None when the grid must give it."""

    name: str
    kind: ParameterKind
    default: ParameterValue | None = None
    low: float | None = None
    high: float | None = None
    meaning: str = ""
    choices: tuple[ParameterValue, ...] = ()


@dataclass(eq=False, slots=True)
class Above:
    """A state, or an entry or exit, that is true where ``left`` is above ``right``; NaN is above nothing.

    The same as ``left > right``, which a large sweep compares and packs in one go. One of the two may be a
    number. In columns mode (:mod:`sweeps.strategies.columns`) it may be a column of numbers.
    """

    left: Any
    right: Any

    def __array__(self, dtype: Any = None, copy: Any = None) -> BoolArray:
        return np.asarray(np.greater(self.left, self.right))


@dataclass(eq=False, slots=True)
class Signals:
    """What a strategy may return beyond a bare state. Every array has one value a bar.

    Give either ``state`` or entries and exits, never both.

    Attributes:
        state: -1, 0 or 1 (or a boolean): the position wanted after each bar.
        entries: Open a long here.
        exits: Close the long here; None: only the exits of the config close it.
        short_entries: Open a short here.
        short_exits: Close the short here.
        stop_distance: Distance of a stop from the entry price in price units, read at the signal's bar.
        indicators: Named diagnostics, stored with each trade at its entry and exit; or a function that
            returns them, called only where trades are stored.
    """

    state: npt.ArrayLike | Above | None = None
    entries: npt.ArrayLike | Above | None = None
    exits: npt.ArrayLike | Above | None = None
    short_entries: npt.ArrayLike | Above | None = None
    short_exits: npt.ArrayLike | Above | None = None
    stop_distance: npt.ArrayLike | None = None
    indicators: Mapping[str, npt.ArrayLike] | Callable[[], Mapping[str, npt.ArrayLike]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, eq=False)
class Backtest:
    """What a user's backtester returns.

    Attributes:
        metrics: Fractions, as everywhere; NaN where a metric is undefined (stored as NULL).
        trades: One row a trade, or None.
        equity: Account value at each close, shape (bars,), or None.
    """

    metrics: Mapping[str, float]
    trades: "pd.DataFrame | None" = None
    equity: FloatArray | None = None


@dataclass(frozen=True)
class Mark:
    """What a decorator noted on a function."""

    kind: StrategyKind = "signals"
    short: bool = False
    columns: bool | None = None


@dataclass(frozen=True, eq=False)
class Strategy:
    """A strategy that is ready to run. It pickles as its source, so a worker needs nothing installed.

    Attributes:
        name: Its name in the lake, in SQL and in configs.
        function: The callable; its bars and indicators come by position, its parameters by keyword.
        parameters: As declared, in declared order.
        short: Whether it has a short side.
        kind: ``signals``, or ``backtester`` for a function that computes its own result.
        code: Hex hash of every source text that its signals depend on; another code is another run.
        meaning: First line of its docstring.
        source: Where it came from, and how a worker gets it.
        columns: Whether it also works when each parameter is a column, one value a parameter set; None: it is
            tried. False as well where it declares nothing and its texts ask of what kind a value is.
    """

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    short: bool
    kind: StrategyKind
    code: str
    meaning: str
    source: "StrategySource"
    columns: bool | None = None

    def __reduce__(self) -> tuple[Callable[..., "Strategy"], tuple["StrategySource"]]:
        return _load, (self.source,)


def _load(source: "StrategySource") -> Strategy:
    return source.load()


@overload
def strategy(function: Function, /) -> Function: ...
@overload
def strategy(*, short: bool = False, columns: bool | None = None) -> Callable[[Function], Function]: ...
def strategy(
    function: Function | None = None, /, *, short: bool = False, columns: bool | None = None
) -> Function | Callable[[Function], Function]:
    """Mark a function as a strategy; the function is unchanged.

    An undecorated function is a strategy too, without a short side.

    Args:
        function: The function, where the decorator is written without brackets.
        short: Whether it has a short side.
        columns: Whether it also works when each parameter is a column, which has a value for each of many
            parameter sets: it is then called once for them. See :mod:`sweeps.strategies.columns` for what it
            may do with a column. If nothing is said, it is tried: the answers to sets that have each value of
            each parameter are held against those to each alone, and sets are asked one by one where it raises
            or they differ. True makes an error of that, and holds but a few; False does not try.
    """

    def marked(function: Function) -> Function:
        setattr(function, MARK, Mark("signals", short, columns))
        return function

    return marked if function is None else marked(function)


def backtester(function: Function) -> Function:
    """Mark ``f(bars, *, parameters)`` as a whole backtester, which returns a :class:`Backtest`."""
    setattr(function, MARK, Mark("backtester"))
    return function
