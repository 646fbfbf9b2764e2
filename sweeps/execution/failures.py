"""Failures: why a run has no result."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from sweeps.spec.limits_config import MEGA
from sweeps.strategies.errors import BacktestError, SignalError
from sweeps.strategies.source import StrategySource

RAISED = "raised"
BAD_SIGNALS = "bad_signals"
BAD_RESULT = "bad_result"
NOT_FINITE = "not_finite"
WORKER_LOST = "worker_lost"
TIMEOUT = "timeout"
MEMORY = "memory"
CRASHED = "crashed"

MOST_TEXT = 10_000
"""Characters that are kept of an error's message, and of its traceback."""

_CAUSES = {SignalError: BAD_SIGNALS, BacktestError: BAD_RESULT, MemoryError: MEMORY}


@dataclass(frozen=True)
class Failure:
    """What `failures` keeps of a run.

    Attributes:
        cause: Kind of failure.
        error: The error's own message.
        traceback: Where it was raised, in the user's files.
    """

    cause: str
    error: str
    traceback: str


Failures: TypeAlias = dict[int, Failure]
"""Why runs have no result, by row."""


def failure_of(error: BaseException, source: StrategySource) -> Failure:
    """Describe an error that a strategy raised, or that its answer caused; long texts are cut."""
    cause = next((cause for kind, cause in _CAUSES.items() if isinstance(error, kind)), RAISED)
    return Failure(cause, _bounded(described(error)), _bounded(_traceback(error, source)))


def over_memory(most: int, raised: Failure | None = None) -> Failure:
    """Return the failure of a run that took more than so many bytes of memory, with what it raised then."""
    told = f"it took more than {most // MEGA:,} MB (`limits.memory_mb`)"
    return Failure(MEMORY, told, "") if raised is None else replace(raised, error=f"{told}: {raised.error}")


def described(error: BaseException) -> str:
    """Return an error's type and message, also of one whose message cannot be had."""
    name = _name(error)
    try:
        return f"{name}: {error}"
    except Exception as broken:  # noqa: BLE001  a user's class may raise anything
        return f"{name}: its message cannot be told ({_name(broken)})"


def _name(error: BaseException) -> str:
    """Return the name of an error's class; its metaclass, which may raise anything, is not asked."""
    name: str = type.__dict__["__name__"].__get__(type(error))
    return name


def _traceback(error: BaseException, source: StrategySource) -> str:
    try:
        return source.own_traceback(error)
    except Exception as broken:  # noqa: BLE001  the class is asked for its name there
        return f"its traceback cannot be told ({_name(broken)})"


def _bounded(text: str) -> str:
    """Return a text as Parquet takes it: of bounded length, without halves of characters."""
    if len(text) > MOST_TEXT:
        half = MOST_TEXT // 2
        text = f"{text[:half]} [... {len(text) - 2 * half:,} characters ...] {text[-half:]}"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
