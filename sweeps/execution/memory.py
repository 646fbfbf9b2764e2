"""Memory: a bound on what a process may take beyond what it has, so that a bomb is an error and no death."""

from contextlib import suppress
from pathlib import Path

import pyarrow as pa

try:
    import resource
except ImportError:  # not a Unix: nothing bounds a process there
    resource = None  # type: ignore[assignment]

_STATUS = Path("/proc/self/status")


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


def _data_bytes() -> int | None:
    if not _STATUS.exists():
        return None
    lines = (line.split() for line in _STATUS.read_text().splitlines())
    return next((int(words[1]) * 1024 for words in lines if words and words[0] == "VmData:"), None)
