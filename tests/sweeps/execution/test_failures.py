"""Failures: an error is described whatever its class does to whoever asks it."""

import pytest

from sweeps.execution.failures import RAISED, failure_of
from sweeps.strategies.source import StrategySource


class Unnamed(type):
    """Raises whatever it is asked for, where it is told to: whoever reports a test must not be its victim."""

    refuses = False

    def __getattribute__(cls, name: str) -> object:
        if Unnamed.refuses:
            raise RuntimeError(name)
        return super().__getattribute__(name)


class Nameless(Exception, metaclass=Unnamed):  # noqa: N818
    """Its class tells no name."""


class Speechless(Exception, metaclass=Unnamed):  # noqa: N818
    """Nor does this one, and it has no message either."""

    def __str__(self) -> str:
        raise Nameless


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Nameless("no class"), "Nameless: no class"),
        (Speechless(), "Speechless: its message cannot be told (Nameless)"),
    ],
)
def test_a_class_without_a_readable_name_fails_its_run_alone(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Unnamed, "refuses", True)
        failure = failure_of(error, StrategySource("sma_cross", "sma_cross"))
    assert (failure.cause, failure.error) == (RAISED, said)
    assert failure.traceback == "its traceback cannot be told (RuntimeError)"
