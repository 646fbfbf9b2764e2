"""Ctrl-C: whoever hears of it, DuckDB or Python, it is Ctrl-C."""

import json
import subprocess
import sys
import threading
from textwrap import dedent

import pytest

from lake.lake import Lake
from queries.interruption import interruptible

PRESSED = """
    import os, signal, sys, threading
    from queries.catalog import Catalog
    from queries.parse import parser
    from lake.lake import open_lake

    catalog = Catalog(open_lake(sys.argv[1]))
    scan = "select count(*) as n from range(5000000) where hash(range) % 7 = 3"
    long = f"select {{' + '.join(['1'] * 300)}}"
    calls = {{
        "arrow": lambda: catalog.arrow(scan),
        "few": lambda: catalog.few(scan),
        "tuples": lambda: catalog.tuples(scan),
        "tree": lambda: parser().tree(long),
        "statements": lambda: parser().statements(long),
    }}

    def press(place):
        threading.Timer(0.2 + place / 100, os.kill, (os.getpid(), signal.SIGINT)).start()
        while True:
            calls["{call}"]()

    heard = []
    for place in range(10):
        try:
            press(place)
        except BaseException as error:
            heard.append(type(error).__name__)
    print(*heard, catalog.tuples("select 7"), parser().statements("select 1"))
"""
"""In a process of its own: another's callbacks of garbage collection drop what they are interrupted by."""
CONFINED = """
    import json, os, signal, sys, threading, time
    from lake.lake import open_lake
    from queries.confine import ConfinedCatalog

    pressed = []

    def press():
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    with ConfinedCatalog(open_lake(sys.argv[1]).snapshot()) as catalog:
        threading.Timer(0.5, press).start()
        try:
            catalog.arrow(sys.argv[2])
        except KeyboardInterrupt:
            seconds = time.monotonic() - pressed[0]
            print(json.dumps([seconds, *catalog.arrow("select 7 as n")["n"].to_pylist()]))
"""
AT_ONCE = """
    import os, signal, threading
    from queries.interruption import interruptible

    for _ in range(100):
        stopped = threading.Event()
        try:
            interruptible(lambda: (os.kill(os.getpid(), signal.SIGINT), stopped.wait(60)), stopped.set)
        except KeyboardInterrupt:
            assert stopped.is_set()
        else:
            raise AssertionError("not heard")
    print("heard")
"""


@pytest.mark.parametrize("call", ["arrow", "few", "tuples", "tree", "statements"])
def test_it_is_heard_wherever_it_comes(filled: Lake, call: str) -> None:
    done = program(PRESSED.format(call=call), filled.url)
    assert done.stdout == f"{'KeyboardInterrupt ' * 10}[(7,)] ['SELECT']\n", done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "select sum(hash(range || 'x')) from range(1000000000)",
        "select * from range(3000000000) order by hash(range)",
        "select range from range(100000000000) where range < 3 or range > 99999999999",
    ],
)
def test_it_stops_a_confined_query_at_once(filled: Lake, text: str) -> None:
    done = program(CONFINED, filled.url, text)
    assert done.stdout, done.stderr
    seconds, seven = json.loads(done.stdout)
    assert seconds < 1
    assert seven == 7


def test_it_is_heard_while_the_call_begins() -> None:
    done = program(AT_ONCE)
    assert done.stdout == "heard\n", done.stderr


def test_whatever_else_ends_the_wait_stops_the_call_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    def ended(_: object) -> None:
        raise SystemExit(143)

    monkeypatch.setattr("concurrent.futures.Future.result", ended)
    with pytest.raises(SystemExit):
        interruptible(lambda: stopped.wait(60), stopped.set)
    assert stopped.is_set()


def program(text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", dedent(text), *words], capture_output=True, text=True, timeout=200, check=False
    )
