"""Lost blocks: their runs become failures, so that every run of a sweep is accounted for."""

import numpy as np

from lake.receipts import Rows
from sweeps.execution.context import SweepContext
from sweeps.execution.failures import WORKER_LOST, Failure
from sweeps.execution.results import Results
from sweeps.execution.rows import Runs, failure_rows
from sweeps.execution.window import BlockLostError
from sweeps.execution.worker import BlockReceipt


def lost_receipt(context: SweepContext, lost: BlockLostError) -> BlockReceipt:
    """Return the receipt of a block whose workers died: every run of it failed."""
    block = lost.block
    results = Results.empty(block.runs)
    results.fail(np.arange(block.runs), Failure(WORKER_LOST, str(lost), ""))
    rows = failure_rows(Runs(context, block.place, block.indices(context.grid)), results)
    packed = Rows.of("failures", context.partition("failures", block.place.symbol), rows)
    return BlockReceipt(block, (), (packed,), 0, block.runs)
