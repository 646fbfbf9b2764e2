"""Window: tasks through the cluster, a bounded number at a time."""

from collections.abc import Callable, Iterator
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed

from sweeps.errors import SweepError
from sweeps.execution.blocks import Block
from sweeps.execution.context import SweepContext
from sweeps.execution.worker import BlockReceipt

TASKS_PER_THREAD = 3
ATTEMPTS = 4


class BlockLostError(SweepError):
    """A block could not be computed, however often it was tried."""

    def __init__(self, block: Block, reason: str) -> None:
        super().__init__(block, reason)
        self.block, self.reason = block, reason

    def __str__(self) -> str:
        return (
            f"the block of {self.block.runs} runs of {self.block.symbol} from cell {self.block.lo} was lost: "
            f"{self.reason}"
        )


def through_window(
    client: Client,
    task: Callable[[SweepContext, Block], BlockReceipt],
    context: SweepContext,
    blocks: Iterator[Block],
) -> Iterator[BlockReceipt | BlockLostError]:
    """Yield the receipts of all blocks as they finish.

    At most `TASKS_PER_THREAD` tasks a thread are with the cluster, and blocks are cut only when there is
    room, so that neither the scheduler nor the driver holds a large sweep. A block whose result vanished is
    submitted again; one that kills its workers, or stays lost, is yielded as an error. Whoever stops early
    leaves nothing behind: what still runs is cancelled.

    Raises:
        Exception: What a task raised by itself: the lake cannot be written, the bars have changed.
    """
    running: dict[Future[Any], tuple[Block, int]] = {}
    finished = as_completed(with_results=True, raise_errors=False)

    def submit(block: Block, attempt: int) -> None:
        future = client.submit(task, context, block, pure=False)
        running[future] = block, attempt
        finished.add(future)

    def refill() -> None:
        room = max(2, TASKS_PER_THREAD * sum(client.nthreads().values()))
        while len(running) < room:
            block = next(blocks, None)
            if block is None:
                return
            submit(block, 1)

    try:
        refill()
        while running:
            future, result = next(finished)
            block, attempt = running.pop(future)
            status = future.status
            future.release()
            if status == "finished":
                yield result
            elif status == "error":
                error = _error_of(result)
                if not isinstance(error, KilledWorker):
                    raise error
                yield BlockLostError(block, str(error))
            elif attempt < ATTEMPTS:
                submit(block, attempt + 1)
            else:
                yield BlockLostError(block, f"its result vanished {ATTEMPTS} times")
            refill()
    finally:
        client.cancel(list(running))


def _error_of(result: Any) -> BaseException:
    error = result[1] if isinstance(result, tuple) else result
    return error if isinstance(error, BaseException) else RuntimeError(str(error))
