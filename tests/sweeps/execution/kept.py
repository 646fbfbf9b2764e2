"""What threads of a process keep of what they took and freed, one after the other."""

import threading
from pathlib import Path

import numpy as np

THREADS, MEGABYTES = 8, 50


def kept_by_threads() -> float:
    """Return how many MB this process has after so many threads took and freed 50 MB each in turn."""
    all_there, turn = threading.Barrier(THREADS), threading.Lock()

    def block() -> None:
        all_there.wait()
        with turn:
            rows = [np.ones(12_500) for _ in range(10 * MEGABYTES)]  # 0.1 MB each
            del rows

    before = _megabytes()
    threads = [threading.Thread(target=block) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _megabytes() - before


def _megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096 / 1e6
