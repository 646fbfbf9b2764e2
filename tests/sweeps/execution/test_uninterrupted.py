import signal
import threading

import pytest

from sweeps.execution.interruption import uninterrupted


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted_inside(reached)
    assert reached == ["after the signal"]


def test_what_was_held_back_can_be_forgotten() -> None:
    with uninterrupted(forget=True):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)


def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with uninterrupted():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_error_inside_passes_when_nothing_was_held_back() -> None:
    with pytest.raises(ValueError, match="inside"), uninterrupted():
        raise ValueError("inside")


def test_blocks_may_be_nested() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted_inside_twice(reached)
    assert reached == ["after the signal", "after the inner block"]


def test_other_threads_are_left_alone() -> None:
    handlers = []

    def work() -> None:
        with uninterrupted():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]


def _interrupted_inside(reached: list[str]) -> None:
    with uninterrupted():
        signal.raise_signal(signal.SIGINT)
        reached.append("after the signal")


def _interrupted_inside_twice(reached: list[str]) -> None:
    with uninterrupted():
        _interrupted_inside(reached)
        reached.append("after the inner block")
