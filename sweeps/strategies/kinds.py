"""Kinds: whether a strategy asks of what kind a value is, which columns answer otherwise than numbers."""

import ast

from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.naming import name_of

_NAMES = frozenset(
    {"isinstance", "issubclass", "type", "isscalar", "is_", "is_not", "__class__"}
    | {"singledispatch", "singledispatchmethod"}
)


def asks_kinds(bundle: SourceBundle) -> bool:
    """Return whether a bundle's texts name what tells kinds apart, or compare by `is` with more than None."""
    return any(_asks(node) for text in bundle.files.values() for node in ast.walk(ast.parse(text)))


def _asks(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        pairs = zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)
        return any(
            isinstance(by, ast.Is | ast.IsNot) and not (_is_none(left) or _is_none(right))
            for left, by, right in pairs
        )
    if isinstance(node, ast.MatchSingleton):
        return node.value is not None
    return isinstance(node, ast.MatchClass) or name_of(node) in _NAMES


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
