"""Failures: why a run has no result."""

from dataclasses import dataclass

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


def failure_of(error: BaseException, source: StrategySource) -> Failure:
    """Describe an error that a strategy raised, or that its answer caused."""
    cause = next((cause for kind, cause in _CAUSES.items() if isinstance(error, kind)), RAISED)
    return Failure(cause, f"{type(error).__name__}: {error}", source.own_traceback(error))
