"""Ctrl-C goes through wherever it can come; what a strategy raises where it cannot is the strategy's."""

import signal
import threading
from collections.abc import Iterator

import pytest

from sweeps.strategies.ctrl_c import pass_ctrl_c_on


@pytest.fixture
def _deaf() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_in_a_main_thread_it_is_raised_again() -> None:
    pressed = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as raised:
        pass_ctrl_c_on(pressed)
    assert raised.value is pressed


@pytest.mark.usefixtures("_deaf")
def test_in_a_process_that_holds_it_back_it_is_the_strategy_s() -> None:
    pass_ctrl_c_on(KeyboardInterrupt())


def test_in_any_other_thread_it_is_the_strategy_s() -> None:
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            pass_ctrl_c_on(KeyboardInterrupt())
        except KeyboardInterrupt as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert not raised


@pytest.mark.parametrize("error", [SystemExit(3), ValueError("no"), GeneratorExit()])
def test_everything_else_is_the_strategy_s(error: BaseException) -> None:
    pass_ctrl_c_on(error)
