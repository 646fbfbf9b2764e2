"""Ctrl-C in the midst of a callback, out of which Python raises nothing, is heard all the same."""

import subprocess
import sys

PROGRAM = """
import signal, sys, time, weakref
from sweeplake.cli.ctrl_c import hear_it_again

class Thing:
    pass

def callback(_):
    {done}

hear_it_again()
thing = Thing()
reference = weakref.ref(thing, callback)
try:
    del thing
    time.sleep({seconds})
    print("slept")
except KeyboardInterrupt:
    print("heard")
"""


def said(done: str, seconds: float) -> tuple[str, str]:
    program = PROGRAM.format(done=done, seconds=seconds)
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stdout.strip(), ended.stderr.strip()


def test_ctrl_c_in_a_callback_is_pressed_again() -> None:
    assert said("signal.raise_signal(signal.SIGINT)", 30) == ("heard", "")


def test_another_error_of_a_callback_is_told_as_ever() -> None:
    out, told = said("1 / 0", 0.1)
    assert out == "slept"
    assert "Exception ignored in" in told
    assert "ZeroDivisionError" in told
