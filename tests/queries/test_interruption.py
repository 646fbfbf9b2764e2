"""Ctrl-C: whoever hears of it, DuckDB or Python, it is Ctrl-C."""

import subprocess
import sys
from textwrap import dedent

import pytest

from lake.lake import Lake

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


@pytest.mark.parametrize("call", ["arrow", "few", "tuples", "tree", "statements"])
def test_it_is_heard_wherever_it_comes(filled: Lake, call: str) -> None:
    script = dedent(PRESSED).format(call=call)
    done = subprocess.run(
        [sys.executable, "-c", script, filled.url], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.stdout == f"{'KeyboardInterrupt ' * 10}[(7,)] ['SELECT']\n", done.stderr
