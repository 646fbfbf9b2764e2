"""Unseen: what a strategy reads beside its source and the bars, which no identity of a run covers. Pure."""

import ast
from collections.abc import Iterator

from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.naming import name_of

_CALLS = frozenset(
    {"open", "__import__", "import_module", "getenv", "urlopen"}
    | {"read_text", "read_bytes", "fromfile", "genfromtxt", "load", "loadtxt", "memmap", "connect"}
    | {"read_csv", "read_excel", "read_feather", "read_json", "read_parquet", "read_pickle", "read_table"}
    | {"read_fwf", "read_hdf", "read_ipc", "read_orc", "read_sql", "read_sql_query", "read_sql_table"}
    | {"scan_csv", "scan_ipc", "scan_ndjson", "scan_parquet"}
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
            name = name_of(node.func)
            if name in _CALLS:
                yield name, node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and name_of(node) in _NAMES:
            yield name_of(node), node.lineno
