"""Retrying: pauses grow, are not all alike, and end with patience."""

from itertools import islice

import pytest

from lake.retrying import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, pauses, retried


def test_pauses_double_up_to_a_limit_less_a_random_part() -> None:
    longest = [min(FIRST_PAUSE_SECONDS * 2**n, LONGEST_PAUSE_SECONDS) for n in range(12)]
    for _ in range(20):
        for pause, most in zip(islice(pauses(), 12), longest, strict=True):
            assert most / 2 <= pause <= most
    assert len({next(pauses()) for _ in range(10)}) > 1


class Failing:
    """A call that fails some times."""

    def __init__(self, times: int) -> None:
        self.calls, self.times = 0, times

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.times:
            raise ConnectionError
        return self.calls


def transient(error: Exception) -> bool:
    return isinstance(error, ConnectionError)


def test_a_call_is_made_again_until_it_succeeds() -> None:
    assert retried(Failing(3), transient, 30.0) == 4


def test_without_patience_a_call_is_made_once() -> None:
    call = Failing(1)
    with pytest.raises(ConnectionError):
        retried(call, transient, 0.0)
    assert call.calls == 1


def test_an_error_that_will_not_pass_is_raised_at_once() -> None:
    call = Failing(1)
    with pytest.raises(ConnectionError):
        retried(call, lambda _: False, 30.0)
    assert call.calls == 1
