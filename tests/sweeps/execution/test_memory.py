"""What a process frees stays with it."""

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


def faults(how: str) -> int:
    """Return how many pages five blocks took from the system, the first block apart."""
    command = [sys.executable, "-c", PAGES, how]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the C libraries of others do as they do")
def test_a_block_takes_its_pages_once() -> None:
    assert faults("keeping") < 1_000 < faults("giving back")
