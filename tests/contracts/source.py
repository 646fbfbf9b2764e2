"""The project's own source, as the tests of its contracts read it."""

import ast
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGES = ("lake", "queries", "sweeplake", "sweeps")


def modules() -> Iterator[ModuleType]:
    """Import and yield every module of the packages; a `__main__` is a program."""
    for name in PACKAGES:
        package = import_module(name)
        yield package
        for found in walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith(".__main__"):
                yield import_module(found.name)


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below some folders, relative to the root."""
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def tracked_files() -> list[Path]:
    """Return the files that the repository holds, and those that it is about to; none outside of one."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def undocumented(path: Path) -> Iterator[str]:
    """Yield what is public in a file and says nothing of itself: the module, classes, functions, methods."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    if tree.body and not ast.get_docstring(tree):
        yield str(path)
    yield from (f"{path}: {name}" for name in _undocumented(tree.body, ""))


def _undocumented(body: list[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if node.name.startswith("_") or _is_overload(node):
            continue
        if not ast.get_docstring(node):
            yield within + node.name
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node.body, f"{within}{node.name}.")


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)
