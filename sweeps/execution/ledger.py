"""Ledger: receipts into batches, batches into the lake, counts for whoever asks."""

import time
from collections.abc import Sequence

from lake.journal import Batch, Journal
from lake.lake import Lake
from lake.receipts import pack
from lake.writer import write_rows
from sweeps.execution.interruption import uninterrupted
from sweeps.execution.worker import BlockReceipt

BATCH_SECONDS = 2.0
BATCH_BYTES = 64_000_000
BATCH_BLOCKS = 256


class Ledger:
    """Commits the receipts of one sweep, many at a time.

    Small rows are packed into one file per table and partition. Memory is bounded by one batch.
    """

    def __init__(self, lake: Lake, sweep_id: str, epoch: int = 1) -> None:
        self._lake, self._journal, self._epoch = lake, Journal(lake, sweep_id), epoch
        self._batches = 0
        self._pending: list[BlockReceipt] = []
        self._open: Batch | None = None
        self._since = time.monotonic()
        self.computed = 0
        self.failed = 0
        self.seconds = 0.0
        """Time spent on commits."""

    def claim(self) -> None:
        """Own the sweep; raises SweepOwnedError if another driver does."""
        self._journal.claim(self._epoch)

    def add(self, receipt: BlockReceipt) -> bool:
        """Take a receipt; return whether a batch was committed with it."""
        if not self._pending:
            self._since = time.monotonic()
        self._pending.append(receipt)
        if self._is_due():
            self.flush()
            return True
        return False

    def flush(self) -> None:
        """Commit what is pending; when this returns it is visible.

        Ctrl-C waits for the end of it; after an error a retry is safe.
        """
        begun = time.monotonic()
        with uninterrupted():
            if self._open is None and self._pending:
                self._open = self._batch()
            if self._open is not None:
                self._journal.commit(self._open)
                self._count(self._pending)
                self._pending, self._open = [], None
                self._batches += 1
        self.seconds += time.monotonic() - begun

    def _batch(self) -> Batch:
        files = [file for receipt in self._pending for file in receipt.files]
        packed = pack(rows for receipt in self._pending for rows in receipt.rows)
        files += [
            write_rows(self._lake.storage, table, rows, part, quick=True) for table, part, rows in packed
        ]
        blocks = tuple(receipt.block.to_document() for receipt in self._pending)
        return Batch(self._epoch, self._batches + 1, blocks, tuple(files))

    def _is_due(self) -> bool:
        size = sum(len(rows.ipc) for receipt in self._pending for rows in receipt.rows)
        return (
            time.monotonic() - self._since >= BATCH_SECONDS
            or len(self._pending) >= BATCH_BLOCKS
            or size >= BATCH_BYTES
        )

    def _count(self, receipts: Sequence[BlockReceipt]) -> None:
        for receipt in receipts:
            if not receipt.block.details:
                self.computed += receipt.runs
                self.failed += receipt.failed
