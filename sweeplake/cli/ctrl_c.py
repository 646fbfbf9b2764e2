"""Ctrl-C that Python has dropped: it raises nothing out of a callback of its own, and goes on."""

import _thread
import signal
import sys
import time

_LATER_SECONDS = 0.01


def hear_it_again() -> None:
    """From now on, press Ctrl-C again, where it came in the midst of a callback, as of a weak reference."""
    sys.unraisablehook = _press_again


def _press_again(dropped: "sys.UnraisableHookArgs") -> None:
    if not issubclass(dropped.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)
        return
    _thread.start_new_thread(_press, (_thread.get_ident(),))  # no lock of `threading`: it may be at work here


def _press(heard_by: int) -> None:
    time.sleep(_LATER_SECONDS)
    signal.pthread_kill(heard_by, signal.SIGINT)
