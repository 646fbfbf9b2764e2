"""Expressions over columns: an allow-list over Python's syntax tree, composed into array functions.

The text is parsed, never compiled or evaluated: each allowed node becomes a closure over NumPy arrays.
"""

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sweeps.errors import did_you_mean
from sweeps.spec.comparison import Columns, Term, TermKind, comparison
from sweeps.spec.errors import WhereError

_MOST_CHARACTERS = 2_000
_DEEPEST = 60
_LARGEST_POWER = 10


def _by_zero_is_nan(divide: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: np.where(np.equal(right, 0), np.nan, divide(left, right))


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _by_zero_is_nan(np.true_divide),
    ast.FloorDiv: _by_zero_is_nan(np.floor_divide),
    ast.Mod: _by_zero_is_nan(np.mod),
    ast.Pow: np.float_power,
}


def compile_expression(text: str, kinds: Mapping[str, TermKind] | None) -> tuple[Term, frozenset[str]]:
    """Compose an expression from allowed parts.

    Args:
        text: The expression.
        kinds: The names it may use, with their kinds; None admits any name.

    Returns:
        The compiled expression, and the names that it uses.

    Raises:
        WhereError: If any part is not allowed, unknown, or of the wrong kind.
    """
    composer = _Composer(text, kinds)
    return composer.term(_tree(text), 0), frozenset(composer.names)


def _tree(text: str) -> ast.expr:
    if not text.strip():
        raise WhereError(text, "is empty; write a condition such as `fast < slow`, or remove the key")
    if len(text) > _MOST_CHARACTERS:
        raise WhereError(text[:40] + "...", f"is longer than {_MOST_CHARACTERS:,} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(f"(\n{text}\n)", mode="eval").body  # parentheses: it may span lines
    except (SyntaxError, ValueError, RecursionError, MemoryError, Warning) as error:
        reason = getattr(error, "msg", None) or "too deeply nested"
        raise WhereError(text, f"is not a condition: {reason}; write one such as `fast < slow`") from None


class _Composer:
    """Turns one syntax tree into a term, collecting the names that it uses."""

    def __init__(self, text: str, kinds: Mapping[str, TermKind] | None) -> None:
        self.text, self.kinds = text, kinds
        self.names: set[str] = set()

    def term(self, node: ast.expr, depth: int) -> Term:
        if depth > _DEEPEST:
            raise self.refusal("is too deeply nested; simplify it")
        if isinstance(node, ast.Name):
            return self.named(node.id)
        if isinstance(node, ast.Constant):
            return self.constant(node.value)
        if isinstance(node, ast.UnaryOp):
            return self.unary(node, depth)
        if isinstance(node, ast.BinOp):
            return self.arithmetic(node, depth)
        if isinstance(node, ast.BoolOp):
            return self.logical(node, depth)
        if isinstance(node, ast.Compare):
            return self.comparison(node, depth)
        if isinstance(node, ast.Call):
            raise self.refusal(
                "calls a function; only parameters, numbers, arithmetic and comparisons may stand here"
            )
        raise self.refusal(f"uses {_phrase(node)}, which is not allowed; compare parameters and numbers")

    def named(self, name: str) -> Term:
        kind: TermKind = "any"
        if self.kinds is not None:
            if name not in self.kinds:
                near = did_you_mean(name, self.kinds)
                known = "" if near else f"; known are {', '.join(self.kinds)}"
                raise self.refusal(f'knows no parameter "{name}"{near}{known}')
            kind = self.kinds[name]
        self.names.add(name)
        if kind == "bool":
            return Term(kind, lambda columns: np.equal(columns[name], True).astype(np.bool_), name=name)  # noqa: FBT003
        return Term(kind, lambda columns: columns[name], name=name)

    def constant(self, value: object) -> Term:
        if isinstance(value, bool):
            return Term("bool", lambda _: np.bool_(value), literal=value)
        if isinstance(value, str):
            return Term("text", lambda _: value, literal=value)
        if isinstance(value, (int, float)):
            try:
                number = np.float64(value)
            except OverflowError:
                number = np.float64(math.inf)
            if not math.isfinite(number):
                raise self.refusal("has a number that is too large")
            return Term("number", lambda _: number, literal=value)
        raise self.refusal(f"uses {value!r}, which is neither a number, text, True nor False")

    def unary(self, node: ast.UnaryOp, depth: int) -> Term:
        operand = self.term(node.operand, depth + 1)
        if isinstance(node.op, ast.Not):
            self.expect(operand, "bool", "not")
            return Term("bool", lambda columns: np.logical_not(operand.value(columns)))
        if isinstance(node.op, ast.Invert):
            raise self.refusal("uses `~`; write `not`")
        self.expect(operand, "number", "a sign")
        if isinstance(node.op, ast.UAdd):
            return operand
        return Term("number", lambda columns: np.negative(operand.value(columns)))

    def arithmetic(self, node: ast.BinOp, depth: int) -> Term:
        if isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            raise self.refusal("uses `&` or `|`; write `and` or `or`")
        function = _ARITHMETIC.get(type(node.op))
        if function is None:
            raise self.refusal("uses an operator other than + - * / // % **")
        left, right = self.term(node.left, depth + 1), self.term(node.right, depth + 1)
        self.expect(left, "number", "arithmetic")
        self.expect(right, "number", "arithmetic")
        if isinstance(node.op, ast.Pow):
            power = right.literal
            if not isinstance(power, (int, float)) or power > _LARGEST_POWER:
                raise self.refusal(f"may raise only to a number from 0 to {_LARGEST_POWER}")
        return Term("number", lambda columns: function(left.value(columns), right.value(columns)))

    def logical(self, node: ast.BoolOp, depth: int) -> Term:
        both = isinstance(node.op, ast.And)
        terms = [self.term(value, depth + 1) for value in node.values]
        for term in terms:
            self.expect(term, "bool", "and" if both else "or")
        join = np.logical_and if both else np.logical_or

        def joined(columns: Columns) -> Any:
            result = terms[0].value(columns)
            for term in terms[1:]:
                result = join(result, term.value(columns))
            return result

        return Term("bool", joined)

    def comparison(self, node: ast.Compare, depth: int) -> Term:
        terms = [self.term(item, depth + 1) for item in (node.left, *node.comparators)]
        pairs = zip(terms, node.ops, terms[1:], strict=False)
        try:
            links = [comparison(left, type(sign), right) for left, sign, right in pairs]
        except ValueError as error:
            raise self.refusal(str(error)) from None

        def chained(columns: Columns) -> Any:
            result = links[0](columns)
            for link in links[1:]:
                result = np.logical_and(result, link(columns))
            return result

        return Term("bool", chained)

    def expect(self, term: Term, kind: TermKind, where: str) -> None:
        if term.kind not in (kind, "any"):
            wanted = "conditions" if kind == "bool" else "numbers"
            raise self.refusal(f"`{where}` works on {wanted}, not on a {term.kind}")

    def refusal(self, reason: str) -> WhereError:
        return WhereError(self.text, reason)


def _phrase(node: ast.expr) -> str:
    phrases: dict[type[ast.expr], str] = {
        ast.Attribute: "an attribute (`.`)",
        ast.Subscript: "an index (`[]`)",
        ast.Lambda: "a lambda",
        ast.IfExp: "`if ... else`",
        ast.NamedExpr: "`:=`",
        ast.JoinedStr: "an f-string",
        ast.Tuple: "a tuple",
        ast.List: "a list",
    }
    return phrases.get(type(node), f"a {type(node).__name__}")
