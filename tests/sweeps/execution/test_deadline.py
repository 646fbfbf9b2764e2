"""Deadline: what does not come back is ended with its process, also where it lets no other thread run."""

import subprocess
import sys

TWO_THREADS = """
import re, threading
import numpy as np
from sweeps.execution.deadline import deadline
from sweeps.execution.steps import NOTHING, step

begun, ended = threading.Event(), threading.Event()

def ends():
    with deadline(1.0):
        step(np.arange(1))
        begun.wait()
        step(NOTHING)
        ended.set()

def holds_the_lock():
    with deadline(1.0):
        step(np.arange(1, 2))
        begun.set()
        ended.wait()
        re.match(r"(a+)+$", "a" * 60 + "b")

threads = [threading.Thread(target=target) for target in (ends, holds_the_lock)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_a_step_that_ends_takes_the_watchdog_from_no_other_thread_and_the_end_is_quiet() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TWO_THREADS], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1, ended.stderr  # the watchdog's, not the thread's that looks
    assert ended.stdout + ended.stderr == ""
