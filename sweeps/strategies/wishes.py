"""Compiling the function of a strategy that is asked bar by bar: once a process, behind one signature."""

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

from numba import njit, types

from sweeps.simulation.account import ACCOUNT_SLOTS, Account
from sweeps.simulation.pointers import compiled_address
from sweeps.simulation.views import FLOATS, INTEGERS, SLOTS, floats_at, integers_at, slots_at
from sweeps.strategies.bar_by_bar import BarsSoFar, mark_of
from sweeps.strategies.compile_errors import StrategyCompileError, compile_error, place_of
from sweeps.strategies.contract import Parameter, Strategy
from sweeps.strategies.errors import SignalError
from sweeps.strategies.rows import named_rows

_KINDS = {"int": types.int64, "float": types.float64, "bool": types.boolean}
_GIVEN = {"int": "int(given[{}])", "float": "given[{}]", "bool": "given[{}] != 0.0"}
_KEPT_OPTIONS = ("error_model", "fastmath")
_WISH = """
def ask(t, account_at, memory_at, inputs_at):
    inputs, known = integers_at(inputs_at, {inputs}), floats_at(account_at, {account_slots})
    given = floats_at(inputs[0], {parameters})
    bars = BarsSoFar(integers_at(inputs[1], t + 1), {prices})
    account = Account(
        int(known[0]), known[1], known[2], int(known[3]), known[4],
        int(known[5]), known[6], known[7], int(known[8]), int(known[9]),
    )
    wish = function(t, bars, {rows}, account, slots_at(memory_at, {memory}){arguments})
    if wish < -1 or wish > 1:
        raise WishError(name, wish, t)
    return int(wish)
"""
"""The bridge from addresses to what the user's function takes; numba compiles both into one function."""


class WishError(SignalError):
    """A strategy that is asked bar by bar returned something that is no position."""

    def __init__(self, strategy: str, wish: int, bar: int) -> None:
        super().__init__(strategy, f"{wish} at bar {bar}, expected only -1, 0, 1 or a boolean")
        self.args = strategy, wish, bar
        self.wish, self.bar = wish, bar


class Wish:
    """A compiled strategy function.

    Attributes:
        ask_at: Address of the function, of the signature `ASK`.
        boolean: Whether it answers with booleans.
        place: File and line where it is written.
    """

    def __init__(self, strategy: Strategy, row_names: tuple[str, ...]) -> None:
        function, takes = _dispatcher(strategy), _argument_types(strategy.parameters, row_names)
        self.place = f"the function at {place_of(function.py_func)}"
        try:
            function.compile(takes)
        except Exception as error:
            raise compile_error(strategy.name, function.py_func, error) from error
        answer = types.unliteral(function.overloads[takes].signature.return_type)
        self.boolean = isinstance(answer, types.Boolean)
        if not isinstance(answer, types.Boolean | types.Integer):
            reason = f"it returns {answer}, expected -1, 0 or 1, or a boolean"
            raise StrategyCompileError(strategy.name, place_of(function.py_func), reason)
        self._ask, self.ask_at = compiled_address(_bridge(strategy, row_names, function))


_compiled: dict[tuple[Callable[..., Any], tuple[str, ...]], Wish | StrategyCompileError] = {}
_lock = RLock()


def compiled_wish(strategy: Strategy, row_names: Sequence[str]) -> Wish:
    """Return the compiled function of a strategy; a process compiles the same code once.

    Raises:
        StrategyCompileError: If numba cannot compile it, or it returns no whole number.
    """
    key = strategy.function, tuple(row_names)
    with _lock:
        if key not in _compiled:
            try:
                _compiled[key] = Wish(strategy, key[1])
            except StrategyCompileError as error:
                _compiled[key] = error
        found = _compiled[key]
    if isinstance(found, StrategyCompileError):
        raise found.with_traceback(None)
    return found


def _dispatcher(strategy: Strategy) -> Any:
    """Return the function for numba, with its bounds checked: a stray index must not read other memory."""
    given: Any = strategy.function
    options = getattr(given, "targetoptions", {})
    kept = {name: options[name] for name in _KEPT_OPTIONS if name in options}
    return njit(boundscheck=True, forceinline=True, **kept)(getattr(given, "py_func", given))


def _argument_types(parameters: Sequence[Parameter], row_names: tuple[str, ...]) -> tuple[Any, ...]:
    seen = {int: types.int64, float: types.float64}
    account = [seen[kind] for kind in Account.__annotations__.values()]
    named: Any = types.BaseTuple.from_types
    return (
        types.int64,
        named([INTEGERS, *[FLOATS] * 5], BarsSoFar),
        named([FLOATS] * len(row_names), named_rows(row_names) if row_names else None),
        named(account, Account),
        SLOTS,
        *(_KINDS[one.kind] for one in parameters),
    )


def _bridge(strategy: Strategy, row_names: tuple[str, ...], function: Any) -> Callable[..., int]:
    cut = "floats_at(inputs[{}], t + 1)"
    columns = [cut.format(place) for place in range(2, 7 + len(row_names))]
    given = [f", {_GIVEN[one.kind].format(place)}" for place, one in enumerate(strategy.parameters)]
    text = _WISH.format(
        inputs=7 + len(row_names),
        account_slots=ACCOUNT_SLOTS,
        parameters=len(strategy.parameters),
        prices=", ".join(columns[:5]),
        rows=f"Rows({', '.join(columns[5:])})" if row_names else "()",
        memory=mark_of(strategy).memory,
        arguments="".join(given),
    )
    names: dict[str, Any] = {
        "integers_at": integers_at,
        "floats_at": floats_at,
        "slots_at": slots_at,
        "BarsSoFar": BarsSoFar,
        "Account": Account,
        "Rows": named_rows(row_names),
        "WishError": WishError,
        "function": function,
        "name": strategy.name,
    }
    exec(text, names)  # noqa: S102  numba compiles what it can read; how many arguments, only the text says
    return names["ask"]
