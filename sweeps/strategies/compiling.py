"""Compiles a user's text, which need not lie in the file that it is named after."""

import ast
from types import CodeType


def compiled(text: str, filename: str) -> CodeType:
    """Return the code of a module's text, with numba's ``cache=`` taken out.

    numba keeps machine code on disk under a function's file name and that file's time. Where the file is
    absent it refuses to; where the file has another text by now (a sweep resumed after an edit), it would run
    that one.

    Raises:
        SyntaxError: If the text is not Python.
    """
    tree = ast.parse(text, filename)
    numba = _names_from_numba(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _root(node.func) in numba:
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "cache"]
    return compile(tree, filename, "exec", dont_inherit=True)


def _names_from_numba(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported = [alias for alias in node.names if alias.name.partition(".")[0] == "numba"]
            names.update(alias.asname or "numba" for alias in imported)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "numba":
            names.update(alias.asname or alias.name for alias in node.names)
    return names


def _root(function: ast.expr) -> str | None:
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else None
