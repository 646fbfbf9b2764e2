"""Where a strategy comes from, in a form that travels to workers and is stored with a sweep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from threading import RLock
from types import ModuleType
from typing import Any

from sweeps.strategies.bar_by_bar import BarByBarMark, check_mark
from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.contract import MARK, Mark, Strategy
from sweeps.strategies.ctrl_c import pass_ctrl_c_on
from sweeps.strategies.digest import builtin_code, bundle_code
from sweeps.strategies.errors import BrokenStrategyError, MissingFunctionError, StrategyDefinitionError
from sweeps.strategies.kinds import tells_columns
from sweeps.strategies.modules import PrivateModules
from sweeps.strategies.parameters import declared_parameters
from sweeps.strategies.tracebacks import own_traceback

_loaded: dict[tuple[str, str, str], Strategy] = {}
_lock = RLock()


@dataclass(frozen=True)
class StrategySource:
    """A built-in by its name, or a user's source texts. Small, picklable, and enough to run the strategy.

    Attributes:
        reference: As the config writes it.
        name: The strategy's name.
        bundle: The source texts; None for a built-in.
    """

    reference: str
    name: str
    bundle: SourceBundle | None = None

    def load(self) -> Strategy:
        """Return the strategy; a process loads the same code once.

        Raises:
            BrokenStrategyError: If the user's module raises while it is imported.
            MissingFunctionError: If it has no such function.
            StrategyDefinitionError: If the function's signature is not a strategy's.
        """
        code = builtin_code(self.name) if self.bundle is None else bundle_code(self.bundle.digest())
        key = code, self.name, "" if self.bundle is None else f"{self.bundle.folder}:{self.bundle.function}"
        with _lock:
            if key not in _loaded:
                _loaded[key] = self._defined(code)
            return _loaded[key]

    def own_traceback(self, error: BaseException) -> str:
        """Return an error's traceback shortened to the user's own files; whole for a built-in."""
        return own_traceback(error, self.bundle.filenames() if self.bundle else ())

    def to_document(self) -> dict[str, Any]:
        """Return all of it as JSON-able values, to be stored with a sweep."""
        bundle = None if self.bundle is None else vars(self.bundle).copy()
        return {"reference": self.reference, "name": self.name, "bundle": bundle}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "StrategySource":
        """Return the source that :meth:`to_document` described."""
        bundle = document["bundle"]
        return cls(
            document["reference"], document["name"], None if bundle is None else SourceBundle(**bundle)
        )

    def _defined(self, code: str) -> Strategy:
        function = self._function()
        mark: Mark = getattr(function, MARK, Mark())
        parameters = declared_parameters(function, mark.kind, self.name)
        if isinstance(mark, BarByBarMark):
            check_mark(self.name, mark, parameters)
        return Strategy(
            name=self.name,
            function=function,
            parameters=parameters,
            short=mark.short,
            kind=mark.kind,
            code=code,
            meaning=(function.__doc__ or "").strip().partition("\n")[0],
            source=self,
            columns=self._columns(mark),
        )

    def _columns(self, mark: Mark) -> bool | None:
        if mark.columns is None and self.bundle is not None and tells_columns(self.bundle):
            return False
        return mark.columns

    def _function(self) -> Callable[..., Any]:
        if self.bundle is None:
            module, asked = import_module(f"sweeps.strategies.builtin.{self.name}"), self.name
        else:
            module, asked = self._user_module(self.bundle), self.bundle.function
        function = vars(module).get(asked)
        if function is None:
            raise MissingFunctionError(self.reference, asked, _functions(module))
        if not callable(function):
            raise StrategyDefinitionError(
                self.name, f"{asked} is {type(function).__name__}, expected a function"
            )
        return function

    def _user_module(self, bundle: SourceBundle) -> ModuleType:
        try:
            return PrivateModules(bundle).load(bundle.main)
        except BaseException as error:
            pass_ctrl_c_on(error)
            raise BrokenStrategyError(self.reference, self.own_traceback(error)) from error


def _functions(module: ModuleType) -> list[str]:
    """Return the public functions that a module defines itself."""
    defined = [
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
    ]
    return [name for name in defined if not name.startswith("_") and callable(getattr(module, name))]
