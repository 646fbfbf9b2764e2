"""What a process frees stays with it, once for all of its threads."""

import subprocess
import sys

import pytest

PAGES = """
import resource
import sys
import numpy as np
from sweeps.execution.memory import keep_freed_memory

if sys.argv[1] == "keeping":
    assert keep_freed_memory()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def block():
    rows = [np.ones(2_000_000) for _ in range(3)]  # 16 MB each

block()
before = faults()
for _ in range(5):
    block()
print(faults() - before)
"""

THREADS = """
from sweeps.execution.memory import keep_freed_memory
from tests.sweeps.execution.kept import kept_by_threads

assert keep_freed_memory()
print(kept_by_threads())
"""


def faults(how: str) -> int:
    """Return how many pages five blocks took from the system, the first block apart."""
    command = [sys.executable, "-c", PAGES, how]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the C libraries of others do as they do")
def test_a_block_takes_its_pages_once() -> None:
    assert faults("keeping") < 1_000 < faults("giving back")


@pytest.mark.skipif(sys.platform != "linux", reason="the C libraries of others do as they do")
def test_what_a_thread_frees_serves_the_next() -> None:
    command = [sys.executable, "-c", THREADS]
    kept = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert kept < 200, "eight threads take 50 MB in turn; it is 400 where each keeps its own"
