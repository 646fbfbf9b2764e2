"""Comparisons over columns in which a value may be off: then every one is false, but with "off" itself."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.rules import OFF

Columns = Mapping[str, NDArray[Any]]
TermKind = Literal["number", "text", "bool", "any"]
"""What an expression yields; `any` before the parameters are known."""

_SIGNS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A compiled expression: its kind, its array function, and its name or literal if it is one."""

    kind: TermKind
    value: Callable[[Columns], Any]
    name: str | None = None
    literal: object = None


def comparison(left: Term, sign: type[ast.cmpop], right: Term) -> Callable[[Columns], Any]:
    """Return the array function of one comparison; raise ValueError with the reason if it means nothing."""
    compare = _SIGNS.get(sign)
    if compare is None:
        raise ValueError("uses `in` or `is`; compare with == != < <= > >=")
    equality = sign in (ast.Eq, ast.NotEq)
    for one, other in ((left, right), (right, left)):
        if equality and one.name is not None and other.literal == OFF:
            return _offness(one.name, wanted=sign is ast.Eq)
    _expect_comparable(left, right, equality=equality)

    def compared(columns: Columns) -> Any:
        a, b = left.value(columns), right.value(columns)
        result = np.asarray(compare(a, b), dtype=np.bool_)
        return result & ~_is_off(a) & ~_is_off(b) if equality else result

    return compared


def _expect_comparable(left: Term, right: Term, *, equality: bool) -> None:
    kinds = {left.kind, right.kind} - {"any"}
    if len(kinds) > 1:
        off = OFF in (left.literal, right.literal)
        remedy = '; "off" compares only with a parameter, by == or !=' if off else ""
        raise ValueError(f"compares a {left.kind} with a {right.kind}{remedy}")
    if not equality and kinds and kinds != {"number"}:
        raise ValueError(f"orders a {kinds.pop()}; compare it with == or !=")


def _offness(name: str, *, wanted: bool) -> Callable[[Columns], Any]:
    def offness(columns: Columns) -> Any:
        column = columns[name]
        off = _is_off(column) | _is_word_off(column)
        return off if wanted else ~off

    return offness


def _is_off(value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return np.isnan(array)
    if array.dtype.kind == "O":
        return array == np.array(None)
    return np.zeros(array.shape, dtype=np.bool_)


def _is_word_off(column: NDArray[Any]) -> Any:
    if column.dtype.kind != "O":
        return np.zeros(column.shape, dtype=np.bool_)
    return np.equal(column, OFF).astype(np.bool_)
