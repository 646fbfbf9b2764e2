"""Kinds: whether a strategy may tell a column from the numbers in it, by its text. Pure.

It asks of what kind a value is, sums floats, or goes on after something was raised, which of columns one
value decides.
"""

import ast
import sys
from collections.abc import Iterator

from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.naming import name_of

_NAMES = frozenset(
    {"isinstance", "issubclass", "type", "is_", "is_not", "__class__", "__instancecheck__", "getsizeof"}
    | {"singledispatch", "singledispatchmethod"}
    | {"isscalar", "is_scalar", "is_bool", "is_number", "is_integer", "is_float", "is_complex"}
    | {"is_list_like", "is_array_like", "is_iterator", "is_hashable", "iterable", "isrealobj", "iscomplexobj"}
)
_COMPENSATED = sys.version_info >= (3, 12)
"""Whether `sum` adds floats with what was rounded off, which it does of nothing else."""
_ATTRIBUTES = {"hasattr": 2, "getattr": 3}
"""Calls that ask whether there is an attribute, by their arguments."""


def tells_columns(bundle: SourceBundle) -> bool:
    """Return whether a bundle's texts name what tells kinds apart, or catch what is raised in a function."""
    trees = [ast.parse(text) for text in bundle.files.values()]
    return any(_asks(node) for tree in trees for node in ast.walk(tree)) or any(map(_catches, trees))


def _asks(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        pairs = zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)
        return any(
            isinstance(by, ast.Is | ast.IsNot) and not (_is_none(left) or _is_none(right))
            for left, by, right in pairs
        )
    if isinstance(node, ast.MatchSingleton):
        return node.value is not None
    if isinstance(node, ast.Call) and len(node.args) == _ATTRIBUTES.get(name_of(node.func)):
        return _is_special(node.args[1])
    if isinstance(node, ast.Name) and node.id == "sum":
        return _COMPENSATED
    return isinstance(node, ast.MatchClass) or name_of(node) in _NAMES


def _catches(tree: ast.AST) -> bool:
    """Return whether a function catches errors, or has a block that may (`suppress`, `errstate`)."""
    return any(
        isinstance(node, ast.Try | ast.TryStar | ast.With | ast.AsyncWith)
        for function in _functions(tree)
        for node in ast.walk(function)
    )


def _functions(tree: ast.AST) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_special(name: ast.expr) -> bool:
    """Return whether a name is like `__len__`, which columns have in order to refuse, or is not written."""
    return not isinstance(name, ast.Constant) or str(name.value).startswith("__")


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
