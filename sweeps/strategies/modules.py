"""Runs a bundle's texts as private modules, without touching ``sys.path`` or the names of other modules."""

import builtins
import importlib.util
import linecache
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType
from typing import Any

from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.compiling import compiled
from sweeps.strategies.digest import digest

_importing = RLock()


class PrivateModules:
    """The modules of one bundle, each executed once, when it is first imported.

    They find each other through an ``__import__`` of their own and everything else as usual. They stand in
    ``sys.modules`` only under a name that holds the bundle's hash, because dataclasses look their module up
    there; so two versions of a file live side by side. Their lines are given to ``linecache``: tracebacks
    show them also where the files do not exist.
    """

    def __init__(self, bundle: SourceBundle) -> None:
        self._bundle, self._paths = bundle, bundle.modules()
        self._root = f"_sweeplake_{digest({bundle.folder: bundle.digest()})}"
        packages = {name.rpartition(".")[0] for name in self._paths}
        self._names = {prefix for name in (*self._paths, *packages) for prefix in _with_parents(name)}
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> ModuleType:
        """Return a module of the bundle, executing it and the packages above it first if need be.

        Whatever its text raises passes through, and leaves no module behind.
        """
        with _importing:
            private = self._private(name)
            if private in sys.modules:
                return sys.modules[private]
            parent = self.load(name.rpartition(".")[0]) if name else None
            module = self._execute(name, private)
            if parent is not None:
                setattr(parent, name.rpartition(".")[2], module)
            return module

    def _private(self, name: str) -> str:
        return f"{self._root}.{name}" if name else self._root

    def _execute(self, name: str, private: str) -> ModuleType:
        path = self._paths.get(name)
        module, is_package = ModuleType(private), path is None or path.endswith("__init__.py")
        module.__spec__ = ModuleSpec(private, None, is_package=is_package)
        module.__package__ = private if is_package else private.rpartition(".")[0]
        module.__dict__["__builtins__"] = self._builtins
        if is_package:
            module.__path__ = []
        sys.modules[private] = module
        if path is not None:
            filename, text = self._bundle.filename(path), self._bundle.files[path]
            module.__file__ = filename
            linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
            try:
                exec(compiled(text, filename), module.__dict__)  # noqa: S102
            except BaseException:
                del sys.modules[private]
                raise
        return module

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as ``__import__`` does, from the bundle first."""
        absolute = self._absolute(name, globals, level)
        if absolute not in self._names:
            if level and "." not in absolute:
                raise ModuleNotFoundError(f"No module named {absolute!r} beside it", name=absolute)
            return builtins.__import__(absolute, globals, locals, fromlist or (), 0)
        module = self.load(absolute)
        if not fromlist:
            return self.load(absolute.partition(".")[0])
        wanted = getattr(module, "__all__", ()) if "*" in fromlist else fromlist
        for item in wanted:
            inner = f"{absolute}.{item}" if absolute else item
            if inner in self._names and not hasattr(module, item):
                self.load(inner)
        return module

    def _absolute(self, name: str, names: Mapping[str, Any] | None, level: int) -> str:
        if level == 0:
            return name
        resolved = importlib.util.resolve_name("." * level + name, (names or {}).get("__package__"))
        return resolved.removeprefix(self._root).removeprefix(".")


def _with_parents(name: str) -> list[str]:
    parts = name.split(".") if name else []
    return [".".join(parts[:count]) for count in range(len(parts) + 1)]
