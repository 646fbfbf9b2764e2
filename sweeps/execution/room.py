"""Room: what memory a sweep's workers take, and whether this machine has it to give."""

import resource

import psutil
from distributed.system import MEMORY_LIMIT

from sweeps.execution.blocks import EQUITY_ROWS, MOST_RUNS

BYTES_A_RUN = 3_500
"""Of a block that a worker computes, and of the one before it that is on its way to storage."""
BYTES_AN_EQUITY_ROW = 200
"""The same, of a run's curve and its trades."""


def worker_bytes(runs: int, equity_rows: int = 0) -> int:
    """Return what a worker takes for a sweep: what this process has had, and a block.

    Args:
        runs: Runs of the sweep.
        equity_rows: Rows of all curves that it stores with its blocks.
    """
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    curves = BYTES_AN_EQUITY_ROW * min(equity_rows, EQUITY_ROWS)
    return own + BYTES_A_RUN * min(runs, MOST_RUNS) + curves


def free_bytes() -> int:
    """Return what processes may take yet, of the machine or of the container they are in."""
    return int(min(psutil.virtual_memory().available, MEMORY_LIMIT))


def crowded(workers: int, each: int, free: int) -> tuple[str, ...]:
    """Return a caution if so many workers of a size, and the driver, take more memory than is free.

    Args:
        workers: Embedded workers.
        each: Bytes of one, and of the driver.
        free: Bytes that are free.
    """
    taken = (workers + 1) * each
    if taken <= free:
        return ()
    fewer = max(1, free // each - 1)
    told = (
        f"{workers:,} workers and the driver take about {taken / 1e9:,.1f} GB of memory, of which "
        f"{free / 1e9:,.1f} GB are free here"
    )
    return (f"{told}; give --workers {fewer:,}",)
