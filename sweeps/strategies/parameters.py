"""A strategy's parameters, read from its signature."""

import inspect
import math
import typing
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Annotated, Any, Literal

from sweeps.strategies.contract import Param, Parameter, ParameterKind, ParameterValue, StrategyKind
from sweeps.strategies.errors import StrategyDefinitionError

KINDS: dict[type, ParameterKind] = {bool: "bool", int: "int", float: "float", str: "text"}
LEADING: dict[StrategyKind, tuple[str, ...]] = {
    "signals": ("bars", "ind"),
    "backtester": ("bars",),
    "bar_by_bar": ("t", "bars", "rows", "account", "memory"),
}
NOUNS: dict[StrategyKind, str] = {
    "signals": "strategy",
    "backtester": "backtester",
    "bar_by_bar": "strategy that is asked bar by bar",
}


def declared_parameters(function: Callable[..., Any], kind: StrategyKind, name: str) -> tuple[Parameter, ...]:
    """Return what the signature declares after the leading arguments, in its order.

    The kind of a parameter comes from its annotation, else from its default, else it is a float.

    Raises:
        StrategyDefinitionError: If the leading arguments are missing, a parameter is ``*args`` or
            ``**kwargs`` or positional only, an annotation is not a kind of value, or a default breaks
            its own declaration.
    """
    given = list(inspect.signature(function).parameters.values())
    leading = LEADING[kind]
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if len(given) < len(leading) or any(one.kind not in by_position for one in given[: len(leading)]):
        wanted = ", ".join(leading)
        raise StrategyDefinitionError(name, f"a {NOUNS[kind]} is called as f({wanted}, *, parameters)")
    return tuple(_parameter(function, one, name) for one in given[len(leading) :])


def _parameter(function: Callable[..., Any], given: inspect.Parameter, strategy: str) -> Parameter:
    if given.kind not in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
        raise StrategyDefinitionError(
            strategy, f"parameter {given.name}: name each parameter in the signature"
        )
    default = None if given.default is inspect.Parameter.empty else given.default
    kind, about, choices = _declaration(function, given, strategy, default)
    declared = Parameter(given.name, kind, None, about.ge, about.le, about.meaning, choices)
    return declared if default is None else replace(declared, default=_default(strategy, declared, default))


def _declaration(
    function: Callable[..., Any], given: inspect.Parameter, strategy: str, default: Any
) -> tuple[ParameterKind, Param, tuple[ParameterValue, ...]]:
    if given.annotation is inspect.Parameter.empty:
        return KINDS.get(type(default), "float"), Param(), ()
    annotation, about = _resolved(function, given, strategy), Param()
    if typing.get_origin(annotation) is Annotated:
        annotation, *notes = typing.get_args(annotation)
        about = next((note for note in notes if isinstance(note, Param)), about)
    choices = about.choices
    if typing.get_origin(annotation) is Literal:
        choices = typing.get_args(annotation)
        annotation = type(choices[0])
    if annotation not in KINDS:
        found = getattr(annotation, "__name__", annotation)
        reason = f"parameter {given.name}: annotate it int, float, bool or str (or Annotated), not {found}"
        raise StrategyDefinitionError(strategy, reason)
    return KINDS[annotation], about, choices


def _resolved(function: Callable[..., Any], given: inspect.Parameter, strategy: str) -> Any:
    """Resolve one annotation alone, so that a name meant for type checkers elsewhere does no harm."""
    alone = SimpleNamespace(__annotations__={given.name: given.annotation})
    names = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return typing.get_type_hints(alone, globalns=names, localns={}, include_extras=True)[given.name]
    except (NameError, TypeError, SyntaxError) as error:
        raise StrategyDefinitionError(strategy, f"parameter {given.name}: {error}") from error


def _default(strategy: str, declared: Parameter, default: Any) -> ParameterValue:
    value: ParameterValue = float(default) if declared.kind == "float" and type(default) is int else default
    wrong = ""
    if KINDS.get(type(value)) != declared.kind:
        wrong = f"is not {declared.kind}"
    elif isinstance(value, int | float) and not _within(value, declared):
        wrong = "is out of its bounds"
    elif declared.choices and value not in declared.choices:
        wrong = "is not one of its choices"
    if wrong:
        raise StrategyDefinitionError(strategy, f"parameter {declared.name}: its default {default!r} {wrong}")
    return value


def _within(value: float, declared: Parameter) -> bool:
    low = -math.inf if declared.low is None else declared.low
    high = math.inf if declared.high is None else declared.high
    return low <= value <= high
