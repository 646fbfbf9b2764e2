"""Ctrl-C: whoever hears of it, DuckDB or Python, it is Ctrl-C."""

import os
import signal
import threading
from collections.abc import Callable
from functools import partial

import pytest

from queries.catalog import Catalog
from queries.parse import parser

TEXT = "select count(*) as n from range(5000000) where hash(range) % 7 = 3"


def pressed_while(call: Callable[[], object], seconds: float) -> None:
    """Press Ctrl-C after some time; an answer that is there sooner is asked for again.

    Python drops one that comes while it lets go of an object: it is pressed again after a second.
    """
    is_heard = threading.Event()

    def press() -> None:
        wait = seconds
        while not is_heard.wait(wait):
            os.kill(os.getpid(), signal.SIGINT)
            wait = 1.0

    def calls() -> None:
        while True:
            call()

    presses = threading.Thread(target=press)
    presses.start()
    with pytest.raises(KeyboardInterrupt):
        calls()
    is_heard.set()
    presses.join()


def test_an_answer_is_stopped(catalog: Catalog) -> None:
    asked: tuple[Callable[[str], object], ...] = (catalog.arrow, catalog.few, catalog.tuples)
    for ask in asked:
        for place in range(5):
            pressed_while(partial(ask, TEXT), 0.2 + place / 50)
    assert catalog.tuples("select 7") == [(7,)]


def test_what_is_parsed_is_stopped() -> None:
    text = f"select {' + '.join(['1'] * 300)}"
    for place in range(20):
        pressed_while(lambda: parser().tree(text), 0.05 + place / 1000)
        pressed_while(lambda: parser().statements(text), 0.05 + place / 1000)
    assert parser().statements("select 1") == ["SELECT"]
