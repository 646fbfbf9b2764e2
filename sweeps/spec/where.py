"""`where`: a condition over the parameters that says which cells of the grid are runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.comparison import Columns, Term, TermKind
from sweeps.spec.errors import WhereError
from sweeps.spec.expression import compile_expression
from sweeps.spec.rules import Kind

_TERM_KINDS: dict[Kind, TermKind] = {"int": "number", "float": "number", "bool": "bool", "text": "text"}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A safe condition over named columns; equal and picklable by its text.

    Attributes:
        text: The condition as written.
        kinds: The names that it uses, sorted, each with its declared type.
    """

    text: str
    kinds: tuple[tuple[str, Kind], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it uses, sorted."""
        return tuple(name for name, _ in self.kinds)

    def holds(self, columns: Columns) -> NDArray[np.bool_]:
        """Say for every row whether the condition holds.

        Args:
            columns: One array per used name, equally long: float64 with NaN for off, or objects with None.

        Returns:
            One boolean per row. A comparison with off is false, except with the word "off" itself;
            so is one with the result of a division by zero.
        """
        term, _ = _compiled(self.text, self.kinds)
        with np.errstate(all="ignore"):
            result: Any = term.value(columns)
        return np.asarray(result, dtype=np.bool_)


def parse(text: str, kinds: Mapping[str, Kind]) -> Predicate:
    """Read a condition; nothing of it is ever evaluated as Python.

    Allowed: names of parameters, numbers, text, True and False, comparisons (chained too), and, or, not,
    + - * / // % and ** with a small number, parentheses.

    Args:
        text: The condition, such as `fast < slow`.
        kinds: Every name that it may use, with its declared type.

    Raises:
        WhereError: If it is anything else, with what is wrong and what to write instead.
    """
    term, names = compile_expression(text, {name: _TERM_KINDS[kind] for name, kind in kinds.items()})
    if term.kind != "bool":
        raise WhereError(text, f"is a {term.kind}, not a condition; compare it with something")
    if not names:
        raise WhereError(text, "names no parameter; remove it, or compare a parameter")
    return Predicate(text, tuple((name, kinds[name]) for name in sorted(names)))


def check_syntax(text: str) -> None:
    """Refuse what no set of parameters could make a condition, before the parameters are known.

    Raises:
        WhereError: As `parse`, but for unknown names and wrong types.
    """
    compile_expression(text, None)


@lru_cache(maxsize=64)
def _compiled(text: str, kinds: tuple[tuple[str, Kind], ...]) -> tuple[Term, frozenset[str]]:
    return compile_expression(text, {name: _TERM_KINDS[kind] for name, kind in kinds})
