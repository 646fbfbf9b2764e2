"""Confined: what goes on in a process that computes a block apart, where a user's code can do no harm.

It tells each step before it takes it, so that whoever waits knows what it was at when it dies.
"""

import faulthandler
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from sweeps.bars.frame import Bars
from sweeps.execution.computed import Made, make
from sweeps.execution.context import Limits, Place, SweepContext
from sweeps.execution.memory import limit_memory
from sweeps.execution.rows import Runs
from sweeps.execution.scene import Scene
from sweeps.execution.steps import NOTHING, Step, stepping, watched_by
from sweeps.spec.grid import IndexArray
from sweeps.strategies.asking import ready
from sweeps.strategies.bundle import SourceBundle

if TYPE_CHECKING:
    from collections.abc import Callable


class Word(Enum):
    """What a confined process tells."""

    READY = "ready"
    STEP = "step"
    MADE = "made"
    RAISED = "raised"
    OUT_OF_MEMORY = "out of memory"


ORPHANED = 3.0
"""Times its limit that a step may take before the process ends itself."""
Told: TypeAlias = tuple[Word, object]
T_co = TypeVar("T_co", covariant=True)


class Given(Protocol[T_co]):
    """What a process apart is given; it travels there."""

    @property
    def limits(self) -> Limits:
        """What one step may take."""

    @property
    def bundle(self) -> SourceBundle | None:
        """The user's files that it runs."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What stands for the environment of the process that it was forked from."""

    def open(self) -> "Callable[[IndexArray], T_co]":
        """Load what is needed, there; return what makes something of cells."""


@dataclass(frozen=True, eq=False)
class Confinement:
    """What a process apart is given.

    Attributes:
        context: The sweep.
        place: The place.
        bars: The bars that can be read there.
        trace: Whether it traces runs that have a result; else it computes results.
        asks_sets: Whether the strategy is asked once for all cells that share its parameters.
        environment: What stands for the environment of the process that this one was forked from.
    """

    context: SweepContext
    place: Place
    bars: Bars
    trace: bool
    asks_sets: bool
    environment: Mapping[str, str]

    @property
    def limits(self) -> Limits:
        """What one run may take."""
        return self.context.limits

    @property
    def bundle(self) -> SourceBundle | None:
        """The user's files."""
        return self.context.strategy.bundle

    def open(self) -> "Callable[[IndexArray], Made]":
        """Load the strategy; return what computes cells."""
        context = self.context
        strategy = stepping(ready(context.strategy.load()), columns=False)
        scene = Scene(strategy, self.bars, context.inputs[self.place])

        def compute(indices: IndexArray) -> Made:
            return make(scene, Runs(context, self.place, indices), trace=self.trace)

        return compute


def confined(given: Given[object], fatal: str, connection: Connection, lifeline: Connection) -> None:
    """Compute whatever cells come through a connection, one answer each, until it ends; a process's main.

    What the interpreter says of a fatal error goes to a file.

    The lifeline is never written to: it ends when the process does that holds its other end, however that
    died, and so does this one.
    """
    os.environ.clear()
    os.environ.update(given.environment)
    sys.stdout = sys.stderr
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    with Path(fatal).open("w") as last_words:
        faulthandler.enable(last_words)
        compute = given.open()
        limit_memory(given.limits.memory_bytes)
        connection.send((Word.READY, None))

        def tell(step: Step) -> None:
            """Tell a step; it ends this process itself where the other one has died and no thread gets on."""
            connection.send((Word.STEP, step))
            if step is NOTHING:
                faulthandler.cancel_dump_traceback_later()
            else:
                faulthandler.dump_traceback_later(
                    ORPHANED * given.limits.run_seconds, exit=True, file=last_words
                )

        with watched_by(tell):
            while True:
                try:
                    indices = connection.recv()
                except EOFError:
                    return
                _tell(connection, compute, indices)


def _tell(connection: Connection, compute: "Callable[[IndexArray], object]", indices: IndexArray) -> None:
    try:
        told: Told = Word.MADE, compute(indices)
    except MemoryError:
        told = Word.OUT_OF_MEMORY, None
    except Exception as error:  # noqa: BLE001  whoever waits raises it
        told = Word.RAISED, error
    connection.send(told)


def _end_with(lifeline: Connection) -> None:
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
