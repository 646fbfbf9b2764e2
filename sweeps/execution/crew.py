"""Crew: a cluster's workers, as its scheduler tells of them.

A scheduler that does not answer is no error here: whether it is gone for good, the client's own state tells.
"""

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from distributed import Client, LocalCluster

from sweeps.errors import SweepError
from sweeps.execution.versions import require_unchanged

CONNECTED = "running"
"""What a client says of itself while its scheduler answers, and workers while they take tasks."""
PAUSED = "paused"
ANSWER_SECONDS = 10
THREADS_SECONDS = 1.0


class WorkersPausedError(SweepError):
    """Workers use so much of their memory that they begin nothing new."""

    def __init__(self, sweep_id: str, workers: tuple[str, ...]) -> None:
        super().__init__(sweep_id, workers)
        self.sweep_id, self.workers = sweep_id, workers

    def __str__(self) -> str:
        return (
            f"all {len(self.workers)} workers are paused, e.g. {self.workers[0]}: they use most of the "
            "memory that they may; start them with a higher --memory-limit, and go on: "
            f"`sweeplake resume {self.sweep_id}`"
        )


class Threads:
    """How many threads a cluster has, asked again once a second; none while its scheduler does not answer.

    Attributes:
        workers: How many workers had them when it answered last.
    """

    def __init__(self, client: Client) -> None:
        self._client, self._count, self._asked = client, 0, -math.inf
        self.workers = 0

    def __call__(self) -> int:
        """Return how many there are."""
        if time.monotonic() > self._asked + THREADS_SECONDS:
            found = _threads(self._client)
            self._count = sum((found or {}).values())
            self.workers = self.workers if found is None else len(found)
            self._asked = time.monotonic()
        return self._count


def is_idle(client: Client, sweep_id: str) -> bool:
    """Return whether there are workers that take tasks, and none has any: what is waited for was lost.

    Seen once when workers died one after the other: the scheduler had given a task up for finished, and its
    result was gone with its worker. What a paused worker has it may never begin.

    Raises:
        WorkersPausedError: If there are workers, and none takes tasks.
    """
    tasks = answer(client, lambda scheduler: scheduler.processing())
    states = worker_states(client)
    taking = [address for address, state in states.items() if state == CONNECTED]
    if states and all(state == PAUSED for state in states.values()):
        raise WorkersPausedError(sweep_id, tuple(states))
    return bool(tasks is not None and taking) and not any(tasks.get(address) for address in taking)


def worker_states(client: Client) -> dict[str, str]:
    """Return the state of each worker by its address; none while the scheduler does not answer."""
    found = answer(client, lambda scheduler: scheduler.identity(n_workers=-1)) or {"workers": {}}
    return {address: worker["status"] for address, worker in found["workers"].items()}


def revive(client: Client) -> None:
    """Start those workers of this process's own cluster again that it has given up.

    Dask does where one dies at its start, or is not back within `distributed.deploy.lost-worker-timeout`.

    Raises:
        CodeChangedError: If there are none left, and others would be of other code, and leave.
    """
    cluster = client.cluster
    if not isinstance(cluster, LocalCluster):
        return
    left = _threads(client)
    if left is None or len(left) == len(cluster.worker_spec):
        return
    if not left:
        require_unchanged()
    cluster.scale(len(cluster.worker_spec))


def _threads(client: Client) -> dict[str, int] | None:
    found: dict[str, int] | None = answer(client, lambda scheduler: scheduler.ncores())
    return found


def answer(client: Client, ask: Callable[[Any], Awaitable[Any]]) -> Any:
    """Return what the scheduler answers, None if it does not in time."""
    try:
        return client.sync(ask, client.scheduler, callback_timeout=ANSWER_SECONDS)
    except Exception as error:
        if client.status == CONNECTED and not isinstance(error, OSError):
            raise
        return None
