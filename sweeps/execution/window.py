"""Window: tasks through the cluster, a bounded number at a time."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from sweeps.errors import SweepError
from sweeps.execution.blocks import Block
from sweeps.execution.context import SweepContext
from sweeps.execution.versions import require_unchanged
from sweeps.execution.worker import BlockReceipt

Task: TypeAlias = Callable[[SweepContext, Block], BlockReceipt]

CONNECTED = "running"
LEFT = ("closing", "closed")
"""What a client says of itself."""
TASKS_PER_THREAD = 3
THREADS_SECONDS = 1.0
ATTEMPTS = 4
TIMES_APART = 3
POLL_SECONDS = 0.01
QUIET_SECONDS = 15.0
"""Without a result for so long, the workers are asked whether they are at work at all."""


class BlockLostError(SweepError):
    """A block could not be computed, however often it was tried."""

    def __init__(self, block: Block, reason: str) -> None:
        super().__init__(block, reason)
        self.block, self.reason = block, reason

    def __str__(self) -> str:
        block = self.block
        return (
            f"the block of {block.runs} runs of {block.place.symbol} from cell {block.lo} was lost: "
            f"{self.reason}"
        )


class SchedulerGoneError(SweepError):
    """The cluster's scheduler does not answer any more; what was with the cluster is lost."""

    def __init__(self, sweep_id: str, address: str) -> None:
        super().__init__(sweep_id, address)
        self.sweep_id, self.address = sweep_id, address

    def __str__(self) -> str:
        return (
            f"the scheduler {self.address} is gone; what sweep {self.sweep_id} had computed is committed; "
            f"to go on, on another cluster or an embedded one: `sweeplake resume {self.sweep_id}`"
        )


class Threads:
    """How many threads a cluster has, asked again once a second; none while its scheduler does not answer."""

    def __init__(self, client: Client) -> None:
        self._client, self._count, self._asked = client, 0, -math.inf

    def __call__(self) -> int:
        """Return how many there are."""
        if time.monotonic() > self._asked + THREADS_SECONDS:
            try:
                self._count = sum(self._client.nthreads().values())
            except OSError:
                self._count = 0
            self._asked = time.monotonic()
        return self._count


def through_window(  # noqa: C901 - the life of a task, from cut to receipt, is one page
    client: Client,
    task: Task,
    context: SweepContext,
    blocks: Iterator[Block],
    while_waiting: Callable[[], None] = lambda: None,
) -> Iterator[BlockReceipt | BlockLostError]:
    """Yield the receipts of all blocks as they finish.

    At most `TASKS_PER_THREAD` tasks a thread are with the cluster, and blocks are cut only when there is
    room, so that neither the scheduler nor the driver holds a large sweep. A block whose result vanished is
    submitted again; one that kills its workers, or stays lost, is yielded as an error. Whoever stops early
    leaves nothing behind: what still runs is cancelled.

    A client that lost its scheduler tries to come back for as long as it does when it connects; blocks that
    were with the cluster are then submitted again.

    Args:
        client: The cluster.
        task: What is done with a block, on a worker.
        context: What all blocks of the sweep need.
        blocks: The blocks.
        while_waiting: Called before each result and many times a second while there is none; what it raises
            ends the window.

    Raises:
        Exception: What a task raised by itself: the lake cannot be written, the bars have changed.
        SchedulerGoneError: If the client cannot come back.
        CodeChangedError: If workers of this process would be of other code than it.
    """
    running: dict[Future[Any], tuple[Block, int]] = {}  # what is not in here any more is not listened to
    finished = as_completed(with_results=True, raise_errors=False)
    threads = Threads(client)
    turn = _turns(client, context.sweep_id, while_waiting)

    def submit(block: Block, attempt: int) -> None:
        future = client.submit(task, context.at(block.place), block, pure=False)
        running[future] = block, attempt
        finished.add(future)

    def refill() -> None:
        while len(running) < max(2, TASKS_PER_THREAD * threads()):
            block = next(blocks, None)
            if block is None:
                return
            submit(block, 1)

    def again(block: Block, attempt: int) -> Iterator[BlockLostError]:
        if attempt < ATTEMPTS:
            submit(block, attempt + 1)
        else:
            yield BlockLostError(block, f"its result vanished {ATTEMPTS} times")

    try:
        refill()
        while running:
            if not _has_ready(finished, turn):
                for block, attempt in _taken_back(client, running):
                    yield from again(block, attempt)
                refill()
                continue
            future, result = next(finished)
            if future not in running:
                continue
            (block, attempt), status = running.pop(future), future.status
            future.release()
            if status == "finished":
                yield result
            elif status == "error":
                error = _error_of(result)
                if not isinstance(error, KilledWorker):
                    raise error
                yield BlockLostError(block, str(error))
            else:
                yield from again(block, attempt)
            refill()
    finally:
        if client.status == CONNECTED:
            client.cancel(list(running))


def in_the_end_apart(
    blocks: Iterator[Block], through: Callable[[Iterator[Block]], Iterator[BlockReceipt | BlockLostError]]
) -> Iterator[BlockReceipt | BlockLostError]:
    """Yield the receipts of all blocks; those that were lost with a worker are computed apart at the end.

    A worker may hold several blocks, of which one kills it, or none. Apart they kill no worker: what is lost
    there as well was on machines that died.

    Args:
        blocks: The blocks.
        through: Sends blocks through a window.
    """
    for left in range(TIMES_APART, -1, -1):
        lost: list[Block] = []
        for receipt in through(blocks):
            if left and isinstance(receipt, BlockLostError):
                lost.append(replace(receipt.block, apart=True))
            else:
                yield receipt
        blocks = iter(lost)


def _turns(client: Client, sweep_id: str, while_waiting: Callable[[], None]) -> Callable[[], None]:
    """Return what is done between looks for a result; it waits for a scheduler that does not answer."""
    address = str(client.scheduler.address) if client.scheduler else "?"

    def turn() -> None:
        while_waiting()
        while client.status not in (CONNECTED, *LEFT):
            time.sleep(POLL_SECONDS)
            while_waiting()
        if client.status in LEFT:
            raise SchedulerGoneError(sweep_id, address)

    return turn


def _has_ready(finished: Any, turn: Callable[[], None]) -> bool:
    """Wait for a result; return False if none came for a while, the time of what was done meanwhile aside."""
    quiet = 0.0
    while True:
        turn()
        if finished.has_ready():
            return True
        if quiet > QUIET_SECONDS:
            return False
        time.sleep(POLL_SECONDS)
        quiet += POLL_SECONDS


def _taken_back(client: Client, running: dict[Future[Any], tuple[Block, int]]) -> list[tuple[Block, int]]:
    """Return what a cluster that has been quiet will never answer, and forget it."""
    if not _is_idle(client):
        _revive(client)
        return []
    forgotten = dict(running)
    running.clear()
    client.cancel(list(forgotten))
    return list(forgotten.values())


def _is_idle(client: Client) -> bool:
    """Return whether there are workers, and none of them has anything to do: what we wait for was lost.

    Seen once when workers died one after the other: the scheduler had given a task up for finished, and its
    result was gone with its worker.
    """
    at_work = client.processing()
    return bool(at_work) and not any(at_work.values())


def _revive(client: Client) -> None:
    """Start those workers of this process's own cluster again that it has given up.

    Dask does where one dies at its start, or is not back within `distributed.deploy.lost-worker-timeout`.

    Raises:
        CodeChangedError: If there are none left, and others would be of other code, and leave.
    """
    cluster, left = client.cluster, len(client.nthreads())
    if not isinstance(cluster, LocalCluster) or left == len(cluster.worker_spec):
        return
    if not left:
        require_unchanged()
    cluster.scale(len(cluster.worker_spec))


def _error_of(result: Any) -> BaseException:
    error = result[1] if isinstance(result, tuple) else result
    return error if isinstance(error, BaseException) else RuntimeError(str(error))
