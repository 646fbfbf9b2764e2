"""The source texts of a user's strategy: collected where they lie, run anywhere."""

import ast
import site
import sys
import sysconfig
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sweeps.strategies.digest import digest

# Users import these from the installed package, even from a folder that holds a copy of it.
OURS = frozenset({"lake", "queries", "sweeplake", "sweeps"})


@dataclass(frozen=True)
class SourceBundle:
    """A module and every module of its author's that it imports, as text.

    Attributes:
        main: Name of the module that holds the function.
        function: Name of the function.
        files: Source text by path relative to the folder, e.g. ``pkg/__init__.py``.
        folder: Where the files lay, for messages only; it need not exist where the bundle is loaded.
    """

    main: str
    function: str
    files: dict[str, str]
    folder: str = field(compare=False)

    def digest(self) -> str:
        """Return the hash of all texts; neither the folder nor the main file's own name counts."""
        own = (f"{self.main.replace('.', '/')}.py", f"{self.main.replace('.', '/')}/__init__.py")
        return digest({"" if path in own else path: text for path, text in self.files.items()})

    def modules(self) -> dict[str, str]:
        """Return the path of each module by its name."""
        return {_module_name(path): path for path in self.files}

    def filename(self, path: str) -> str:
        """Return the name of a file as tracebacks show it."""
        return str(Path(self.folder) / path)

    def filenames(self) -> frozenset[str]:
        """Return the names of all files as tracebacks show them."""
        return frozenset(map(self.filename, self.files))


def collect(folder: Path, main: str, function: str, *, within: str | None = None) -> SourceBundle:
    """Return the bundle of a module in a folder with what it imports, transitively.

    Imports are found in the syntax tree, also inside functions. A module lies in the folder, or else in
    another place that Python looks into, as a project's own packages do. Installed packages stay.

    Args:
        folder: Where imports are looked up.
        main: Module name.
        function: Function name in it.
        within: Only modules of this top-level package are collected; None for all but this project's own.

    Raises:
        FileNotFoundError: If the main module is not there.
        SyntaxError: If a file is not Python; UnicodeDecodeError if it is not text.
    """
    first = _find(folder, main)
    if first is None:
        raise FileNotFoundError(folder / f"{main}.py")
    files: dict[str, str] = {}
    waiting = [(folder, first)]
    while waiting:
        root, path = waiting.pop()
        if path in files:
            continue
        files[path] = _read(root / path)
        for module in _imported(files[path], path, str(root / path)):
            top = module.partition(".")[0]
            if top == within if within else top not in OURS:
                places = (place for place in (folder, _own_root(top)) if place is not None)
                found = next(((place, held) for place in places if (held := _find(place, module))), None)
                waiting.extend([found] if found else [])
    return SourceBundle(main, function, dict(sorted(files.items())), str(folder))


def _own_root(top: str) -> Path | None:
    """Return the folder in which Python finds a top-level module; None for one that came with a package."""
    if not top or top in sys.stdlib_module_names:
        return None
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    held = () if spec is None else (*(spec.submodule_search_locations or ()), spec.origin)
    folder = next((Path(place) for place in held if place), None)
    if folder is None or any(folder.is_relative_to(installed) for installed in _installed()):
        return None
    return folder.resolve().parent


@cache
def _installed() -> tuple[Path, ...]:
    """Return where packages are installed, and Python's own."""
    paths = sysconfig.get_paths()
    places = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(Path(place) for place in (*places, *site.getsitepackages(), site.getusersitepackages()))


def _read(path: Path) -> str:
    with tokenize.open(path) as file:
        return file.read()


def _find(folder: Path, module: str) -> str | None:
    stem = module.replace(".", "/")
    return next((path for path in (f"{stem}/__init__.py", f"{stem}.py") if (folder / path).is_file()), None)


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(text: str, path: str, filename: str) -> Iterator[str]:
    """Yield every module that a text may import, packages above it first."""
    name = _module_name(path)
    package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(text, filename)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _prefixes(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node.module or "", node.level, package)
            if base is None:
                continue
            yield from _prefixes(base)
            for alias in node.names:
                yield f"{base}.{alias.name}" if base else alias.name


def _absolute(module: str, level: int, package: str) -> str | None:
    if level == 0:
        return module
    parts = package.split(".") if package else []
    if level - 1 > len(parts):
        return None
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def _prefixes(module: str) -> Iterator[str]:
    parts = module.split(".") if module else []
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
