"""Child: a process apart, forked from a warm ancestor of this process; its deaths are answers."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Generic, TypeVar

from sweeps.errors import SweepError
from sweeps.execution.confined import Given, Word, confined
from sweeps.execution.embedded import METHOD, prepare_workers
from sweeps.execution.failures import CRASHED, TIMEOUT, Failure, over_memory
from sweeps.execution.steps import NOTHING, Step
from sweeps.spec.grid import IndexArray

OUR_SECONDS = 600.0
"""Our own code needs no longer for a block, on a machine however busy."""
LOAD_SECONDS = 120.0
"""The import of a user's module may take so long."""
LAST_WORDS_SECONDS = 2.0
"""So long a process that hangs has to say where."""


T = TypeVar("T")
_starting = threading.Lock()
"""What starts a process changes what all threads share."""


@dataclass(frozen=True)
class Death:
    """How a process ended that was to compute cells.

    Attributes:
        failure: What the run that is to blame for it failed of.
        step: What it was at; None if it had told of nothing.
    """

    failure: Failure
    step: Step | None


class ApartError(SweepError):
    """A process apart cannot even begin."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the strategy cannot be loaded in a process apart: {self.reason}"


class Child(Generic[T]):
    """A process apart; to be ended by whoever started it. It does not import its parent's main module.

    Raises:
        ApartError: If it dies before it can be asked.
        Exception: What is raised where the strategy is loaded.
    """

    def __init__(self, given: Given[T]) -> None:
        self._given = given
        self._folder = TemporaryDirectory(prefix="sweeplake-apart-")
        self._fatal = Path(self._folder.name, "fatal")
        context: Any = multiprocessing.get_context(METHOD)
        self._connection, theirs = context.Pipe()
        end, self._lifeline = context.Pipe(duplex=False)
        arguments = given, str(self._fatal), theirs, end
        self._process = context.Process(target=confined, args=arguments, daemon=True)
        with _starting, _may_have_children():
            prepare_workers()
            with _without_main():
                self._process.start()
        theirs.close()
        end.close()
        try:
            self._require_ready()
        except BaseException:
            self.end()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return bool(self._process.is_alive())

    def ask(self, indices: IndexArray) -> T | Death:
        """Return what it makes of cells, or how it died; after that it is to be ended.

        Raises:
            Exception: What it raised that is no run's own failure.
        """
        with suppress(OSError):  # it died since; why is heard below
            self._connection.send(indices)
        answer: T | Death = self._listen(self._given.limits.run_seconds)
        return answer

    def end(self) -> None:
        """End it, and let go of all that it held."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()
        self._lifeline.close()
        self._folder.cleanup()

    def _require_ready(self) -> None:
        ready = self._listen(LOAD_SECONDS, LOAD_SECONDS)
        if isinstance(ready, Death):
            raise ApartError(ready.failure.error)

    def _listen(self, seconds: float, ours: float = OUR_SECONDS) -> Any:
        """Return its answer; so long it may be silent at a step of a user's code, and of ours."""
        step: Step | None = None
        while True:
            is_users = step is not None and step is not NOTHING
            patience = seconds if is_users else max(seconds, ours)
            if not self._connection.poll(patience):
                limit = " (`limits.run_seconds`)" if is_users else ", and was not in the strategy"
                return Death(self._too_long(f"within {patience:g} s{limit}"), step)
            try:
                word, told = self._connection.recv()
            except (EOFError, OSError):
                return Death(self._crashed(), step)
            if word is Word.STEP:
                step = told if isinstance(told, Mapping) or len(told) else NOTHING
            elif word is Word.RAISED:
                raise told
            elif word is Word.OUT_OF_MEMORY:
                return Death(over_memory(self._given.limits.memory_bytes), step)
            else:
                return told

    def _too_long(self, how_long: str) -> Failure:
        with suppress(OSError):
            os.kill(self._process.pid or 0, signal.SIGABRT)  # so that it says where it is
        self._process.join(LAST_WORDS_SECONDS)
        self._process.kill()
        self._process.join()
        return Failure(TIMEOUT, f"it did not come back {how_long}", self._said())

    def _crashed(self) -> Failure:
        self._process.join(LAST_WORDS_SECONDS)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode or 0
        how = f"exit code {code}" if code >= 0 else f"{signal.strsignal(-code)}"
        return Failure(CRASHED, f"it ended its process ({how})", self._said())

    def _said(self) -> str:
        """Return what the interpreter said of a fatal error, the user's own files alone."""
        bundle = self._given.bundle
        names = bundle.filenames() if bundle else frozenset()
        lines = self._fatal.read_text(errors="replace").splitlines() if self._fatal.exists() else []
        own = [line for line in lines if any(f'"{name}"' in line for name in names)]
        return "\n".join(["Traceback (most recent call first):", *own]) if own else ""


@contextmanager
def _without_main() -> Iterator[None]:
    """Let a process that is started not import the program that starts it: it needs nothing of that.

    A program without a guard would start over there.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _may_have_children() -> Iterator[None]:
    """Let this process start another one, though it is a daemon, as Dask's workers are.

    Daemons must have no children, for they would outlive them; ours have a lifeline.
    """
    config: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]  # noqa: SLF001
    before = config.get("daemon")
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = before
