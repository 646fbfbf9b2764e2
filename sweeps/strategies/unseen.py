"""Unseen: what a strategy reads beside its source and the bars, which no identity of a run covers. Pure."""

import ast
from collections.abc import Iterator

from sweeps.strategies.bundle import SourceBundle

_CALLS = frozenset(
    {"open", "__import__", "import_module", "getenv", "urlopen"}
    | {"read_text", "read_bytes", "fromfile", "genfromtxt", "loadtxt", "memmap"}
    | {"read_csv", "read_excel", "read_feather", "read_json", "read_parquet", "read_pickle", "read_table"}
)
_NAMES = frozenset({"__file__", "environ"})


def unseen(bundle: SourceBundle) -> tuple[str, ...]:
    """Return where a bundle's texts name something that reads files, modules or the environment by name.

    Each as `file:line: name`, a name once a file. What comes by other ways is not found.
    """
    found: dict[tuple[str, str], int] = {}
    for path, text in bundle.files.items():
        for name, line in _named(ast.parse(text)):
            found.setdefault((path, name), line)
    return tuple(f"{path}:{line}: {name}" for (path, name), line in found.items())


def _named(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if name in _CALLS:
                yield name, node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and _name(node) in _NAMES:
            yield _name(node), node.lineno


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
