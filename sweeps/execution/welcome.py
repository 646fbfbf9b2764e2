"""Welcome: whether a worker may compute for a client, and what it is told before it does.

A plugin asks every worker at once, also those that join later. A scheduler that was started anew knows of no
plugin: every block asks as well.
"""

import logging
import threading
from collections.abc import Mapping
from functools import cache

from distributed import Status, Worker

from sweeps.execution.memory import limit_memory
from sweeps.execution.versions import code_versions, differences

logger = logging.getLogger("distributed.worker")
"""What a worker says goes where Dask's own words go."""

_leaves = threading.Event()


def is_welcome(worker: Worker, versions: Mapping[str, str]) -> bool:
    """Return whether a worker runs a client's code; one that does not leaves, and computes nothing any more.

    Args:
        worker: The worker that this process is.
        versions: The client's.
    """
    different = differences(versions, code_versions())
    if different and not _leaves.is_set():
        _leaves.set()
        logger.error("this worker differs from the client, and leaves: %s", ", ".join(different))
        worker.loop.add_callback(worker.close, reason="sweeplake-versions-differ")
    if _leaves.is_set():
        return False
    most = worker.memory_manager.memory_limit
    if worker.nanny is not None and most:  # else this may be the user's own process
        _bound(worker, most)
    return True


@cache
def _bound(worker: Worker, most: int) -> None:
    """Let a worker that takes more memory than it may end, so that its nanny starts another.

    Dask would have it pause before, and what is left of a user's leak is never given back. Nothing that
    sweeps leave with workers can be spilled.
    """
    limit_memory(most)
    worker.memory_manager.memory_pause_fraction = False
    worker.memory_manager.memory_spill_fraction = False
    worker.loop.add_callback(_go_on, worker)


def _go_on(worker: Worker) -> None:
    if worker.status == Status.paused:
        worker.status = Status.running
