"""Harmless: what is asked of a user's strategy before a sweep begins is asked in a process apart.

What the strategy does to that process is an error that names the parameters it was asked for.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from sweeps.errors import SweepError
from sweeps.execution.child import Child, Death
from sweeps.execution.context import Limits
from sweeps.execution.steps import NOTHING
from sweeps.spec.grid import IndexArray
from sweeps.spec.rules import Value
from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.column import Column
from sweeps.strategies.source import StrategySource

T = TypeVar("T")


class StrategyHarmsError(SweepError):
    """A strategy hangs, ends its process or takes all memory when it is asked before a sweep of it begins."""

    key = "strategy"

    def __init__(self, strategy: str, symbol: str, parameters: Mapping[str, Value], reason: str) -> None:
        super().__init__(strategy, symbol, parameters, reason)
        self.strategy, self.symbol, self.parameters, self.reason = strategy, symbol, parameters, reason

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        asked = f", asked for {given}" if given else ""
        return (
            f"strategy {self.strategy} does harm on {self.symbol}, in a sample of the sweep{asked}: "
            f"{self.reason}; mend it, or leave these parameters out with `where`"
        )


@dataclass(frozen=True, eq=False)
class Call(Generic[T]):
    """A call that runs a user's strategy, as it travels to a process apart.

    Attributes:
        source: Where the strategy comes from.
        call: The call, of a function that can be imported there; it tells the steps that it takes.
        limits: What one step may take.
        environment: What stands for the environment of the process that this one was forked from.
    """

    source: StrategySource
    call: Callable[[], T]
    limits: Limits
    environment: Mapping[str, str]

    @property
    def bundle(self) -> SourceBundle | None:
        """The user's files."""
        return self.source.bundle

    def open(self) -> Callable[[IndexArray], T]:
        """Return what makes the call; no cells are needed for it."""
        return lambda _: self.call()


def harmless(source: StrategySource, symbol: str, limits: Limits, call: Callable[[], T]) -> T:
    """Return what a call returns that runs a strategy; of a user's own it is made in a process apart.

    Args:
        source: Where the strategy comes from.
        symbol: The symbol that it is asked about.
        limits: What one step of it may take.
        call: The call; it and what it returns must be picklable.

    Raises:
        StrategyHarmsError: If the strategy hangs, ends its process, or takes more memory than it may.
        Exception: What the call raises.
    """
    if source.bundle is None:
        return call()
    child = Child(Call(source, call, limits, dict(os.environ)))
    try:
        answer = child.ask(NOTHING)
    finally:
        child.end()
    if not isinstance(answer, Death):
        return answer
    step = answer.step
    parameters = {name: _plain(value) for name, value in step.items()} if isinstance(step, Mapping) else {}
    said = f"\n{answer.failure.traceback}\n" if answer.failure.traceback else ""
    raise StrategyHarmsError(source.name, symbol, parameters, answer.failure.error + said)


def _plain(value: object) -> Value:
    """Return a parameter as it is written; of a column its first value."""
    if isinstance(value, Column):
        value = value.values[value.of_set[0]]
    return value.item() if isinstance(value, np.generic) else value  # type: ignore[return-value]
