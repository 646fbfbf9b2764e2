"""Window: tasks through the cluster, a bounded number at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

from distributed import Client, Future, KilledWorker, as_completed

from sweeps.errors import SweepError
from sweeps.execution.blocks import Block
from sweeps.execution.context import SweepContext
from sweeps.execution.crew import CONNECTED, Threads, is_idle, revive
from sweeps.execution.worker import BlockReceipt

Task: TypeAlias = Callable[[SweepContext, Block], BlockReceipt]

LEFT = ("closing", "closed")
"""What a client says of itself when it has given its scheduler up."""
TASKS_PER_THREAD = 3
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
        WorkersPausedError: If no worker takes tasks any more, for want of memory.
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
                for block, attempt in _taken_back(client, context.sweep_id, running):
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
            with suppress(OSError):
                client.cancel(list(running))


def lost_ones_apart(
    blocks: Iterator[Block], through: Callable[[Iterator[Block]], Iterator[BlockReceipt | BlockLostError]]
) -> Iterator[BlockReceipt | BlockLostError]:
    """Yield the receipts of all blocks; those that were lost with a worker are next to be computed, apart.

    A worker may hold several blocks, of which one kills it, or none. Apart they kill no worker: what is lost
    there as well was on machines that died.

    Args:
        blocks: The blocks.
        through: Sends blocks through a window.
    """
    lost: deque[Block] = deque()

    def first_lost() -> Iterator[Block]:
        for block in blocks:
            yield from drawn()
            yield block
        yield from drawn()

    def drawn() -> Iterator[Block]:
        while lost:
            yield lost.popleft()

    held = first_lost()
    while True:
        for receipt in through(held):
            block = receipt.block
            if isinstance(receipt, BlockLostError) and block.lost < TIMES_APART:
                lost.append(replace(block, lost=block.lost + 1))
            else:
                yield receipt
        if not lost:
            return
        held = drawn()


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


def _taken_back(
    client: Client, sweep_id: str, running: dict[Future[Any], tuple[Block, int]]
) -> list[tuple[Block, int]]:
    """Return what a cluster that has been quiet will never answer, and forget it."""
    if not is_idle(client, sweep_id):
        revive(client)
        return []
    forgotten = dict(running)
    running.clear()
    client.cancel(list(forgotten))
    return list(forgotten.values())


def _error_of(result: Any) -> BaseException:
    error = result[1] if isinstance(result, tuple) else result
    return error if isinstance(error, BaseException) else RuntimeError(str(error))
