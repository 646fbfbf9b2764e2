"""Memory: a bound on what a process takes beyond what it has, so that a bomb is an error; what it keeps."""

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

try:
    import resource
except ImportError:  # not a Unix: nothing bounds a process there
    resource = None  # type: ignore[assignment]

KEPT_BYTES = 256_000_000
"""Freed memory that a process keeps, of all of its threads."""
PIECE_BYTES = 128_000_000, 32 << 20
"""What is larger goes back to the system in any case; the second where a C library takes no more."""

_STATUS = Path("/proc/self/status")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h


def limit_memory(further: int) -> bool:
    """Let what this process allocates fail once it took so many bytes more; return whether that is in force.

    Python raises MemoryError then. The bound is on data as Linux counts it, with the stacks of threads. Other
    systems do not know it.
    """
    pa.array([0])  # Arrow reserves its first gigabyte at once
    held = _data_bytes()
    if resource is None or held is None:
        return False
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = held + further
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
        return True
    return False


def keep_freed_memory() -> bool:
    """Let what this process frees stay with it for what it allocates next; return whether that is in force.

    Blocks take tens of megabytes for a second, again and again. Given back each time, their pages are looked
    for and cleared anew, which takes a sixth of the time that simulating does. What one thread freed the next
    may have: a worker takes another for every block, each of which would keep as much for itself. The C
    library of Linux distributions knows it; others do as they do.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not any(mallopt(_M_MMAP_THRESHOLD, size) for size in PIECE_BYTES):
        return False  # the other option alone would do harm: it fixes this one at 128 KB
    return bool(mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES) and mallopt(_M_ARENA_MAX, 1))


def _data_bytes() -> int | None:
    if not _STATUS.exists():
        return None
    lines = (line.split() for line in _STATUS.read_text().splitlines())
    return next((int(words[1]) * 1024 for words in lines if words and words[0] == "VmData:"), None)
