"""Asked worker: one call that a worker of a cluster makes."""

from collections.abc import Callable
from typing import TypeVar

from distributed import CancelledError, Client
from distributed.comm.core import CommClosedError

from sweeps.execution.cluster import GONE, ClusterUnreachableError

T = TypeVar("T")


def on_worker(client: Client, call: Callable[[], T]) -> T:
    """Return what a call returns that any worker of a cluster makes.

    Args:
        client: The cluster's client.
        call: The call; it and what it returns must be picklable.

    Raises:
        ClusterUnreachableError: If the cluster is lost meanwhile.
        Exception: What the call raises.
    """
    address = str(client.scheduler.address) if client.scheduler else "?"
    try:
        answer: T = client.submit(call, pure=False).result()
    except (CancelledError, CommClosedError) as error:
        raise ClusterUnreachableError(address, GONE) from error
    return answer
