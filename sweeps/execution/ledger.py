"""Ledger: receipts into batches, batches into the lake, counts for whoever asks."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from lake.commits import Fence, SweepTakenOverError
from lake.journal import Batch, Journal, step
from lake.lake import Lake
from lake.lost import Loss, open_losses, require_repaired
from lake.ownership import Ownership, claim
from lake.receipts import FileReceipt, pack
from lake.recovery import recover, roll_forward
from lake.repair import drop_runs
from lake.returned import take_out_again
from lake.writer import write_rows
from sweeps.execution.best import BestSoFar
from sweeps.execution.finished import Finished
from sweeps.execution.interruption import uninterrupted
from sweeps.execution.reuse import Carried
from sweeps.execution.worker import BlockReceipt

BATCH_SECONDS = 2.0
BATCH_BYTES = 64_000_000
BATCH_BLOCKS = 256


class Ledger:
    """Commits the receipts of one sweep, many at a time.

    Small rows are packed into one file per table and partition. Memory is bounded by one batch, and some
    hundred bytes a block.

    Args:
        lake: The lake.
        sweep_id: The sweep.
        metric: What its runs are ranked by.
    """

    def __init__(self, lake: Lake, sweep_id: str, metric: str = "") -> None:
        self._lake, self._sweep_id = lake, sweep_id
        self._journal = Journal(lake, sweep_id)
        self._ownership: Ownership | None = None
        self._losses: list[Loss] = []
        self._batches = 0
        self._pending: list[BlockReceipt] = []
        self._open: Batch | None = None
        self._since = time.monotonic()
        self.finished = Finished()
        self.best = BestSoFar(metric)
        self.bytes = 0
        """Of what this driver committed."""
        self.seconds = 0.0
        """Time spent on commits."""

    @property
    def epoch(self) -> int:
        """Epoch of the driver that it works for."""
        return self._journal.epoch

    @property
    def computed(self) -> int:
        """Runs of the sweep with a result that are committed, those of earlier drivers included."""
        return self.finished.computed

    @property
    def failed(self) -> int:
        """Runs of the sweep without a result that are committed, those of earlier drivers included."""
        return self.finished.failed

    @property
    def reused(self) -> int:
        """Runs of the sweep that were carried over from other sweeps and are committed."""
        return self.finished.reused

    @contextmanager
    def owned(self, *, take_over: bool = False) -> Iterator[None]:
        """Own the sweep, with what earlier drivers put down made whole, until the block ends.

        Raises:
            SweepOwnedError: If another driver is alive and is not to be taken over.
            RepairCutOffError: If a repair of the sweep was cut off.
            DamagedFileError: If rows that a repair took out are visible again, in a file that is damaged.
        """
        with claim(self._lake, self._sweep_id, take_over=take_over) as ownership:
            self._ownership = ownership
            self._journal = Journal(self._lake, self._sweep_id, ownership.epoch)
            if open_losses(self._lake.storage, self._sweep_id):
                recover(self._journal, lambda _: None)
                self._losses = take_out_again(self._journal)  # before the journal is read
                roll_forward(self._journal, self.finished.restore)
            else:
                recover(self._journal, self.finished.restore)
            require_repaired(self._lake.storage, self._sweep_id)  # no repair takes anything out any more
            yield

    def is_asked_to_stop(self) -> bool:
        """Return whether this driver has to stop: somebody cancelled the sweep, or took it over."""
        return self._ownership is not None and self._ownership.is_asked_to_stop()

    def require_owned(self) -> None:
        """Return if no later driver has claimed the sweep, as far as is known.

        Raises:
            SweepTakenOverError: If one has.
        """
        if self._ownership is not None and self._ownership.is_taken_over():
            raise SweepTakenOverError(self._sweep_id, self.epoch, self.epoch + 1)

    def close_losses(self) -> None:
        """Say that what repairs had taken out before is computed again; safe to repeat."""
        for loss in self._losses:
            loss.close(self._lake.storage)

    def fence(self, number: int) -> Fence:
        """Return the fence of this driver's commit of that number, in a table of its own numbers."""
        return self._journal.fence(step(self._journal.epoch, number))

    def add(self, receipt: BlockReceipt) -> bool:
        """Take a receipt; return whether a batch was committed with it.

        A block is taken once, by its symbol, range and phase: whatever another execution of it wrote stays
        invisible.
        """
        if not self.finished.take(_document(receipt)):
            return False
        if not self._pending:
            self._since = time.monotonic()
        self._pending.append(receipt)
        return self.flush_due()

    def flush_due(self) -> bool:
        """Commit what is pending if it is old or large enough; return whether it was.

        To be called now and then: results must not wait for the next one to be committed.
        """
        is_due = bool(self._pending) and self._is_due()
        if is_due:
            self.flush()
        return is_due

    def carry(self, runs: Carried, partition: Mapping[str, str]) -> None:
        """Commit runs of other sweeps as this one's, in a batch; when this returns they are visible.

        Raises:
            SweepTakenOverError: If another driver owns the sweep now.
        """
        begun = time.monotonic()
        with uninterrupted():
            file = write_rows(self._lake.storage, "metrics", runs.rows, partition, quick=True)
            block = runs.to_document()
            self._journal.commit(Batch(self._journal.epoch, self._batches + 1, (block,), (file,)))
            self._note([file])
            self.finished.restore(block)
            self._batches += 1
        self.seconds += time.monotonic() - begun

    def take_out_details(self, run_ids: pa.ChunkedArray) -> None:
        """Take out trades and equity of runs that no details name: what was cut off left them.

        A removal or a repair takes details out first. With what is computed again they would be there twice.
        """
        if self.epoch > 1 and len(run_ids):
            sweep = pa.repeat(pa.scalar(self._sweep_id), len(run_ids))
            pairs = pa.table({"sweep_id": sweep, "run_id": run_ids})
            note = f"sweep {self._sweep_id}: rows of runs that are computed again"
            drop_runs(self._lake, ("equity", "trades"), pairs, note, [self.fence(0)])

    def flush(self) -> None:
        """Commit what is pending; when this returns it is visible.

        Ctrl-C waits for the end of it; after an error a retry is safe.

        Raises:
            SweepTakenOverError: If another driver owns the sweep now.
            BatchTakenError: If vacuum took files of it while this driver stood still.
        """
        begun = time.monotonic()
        with uninterrupted():
            while self._pending:
                self._open = self._open or self._batch()
                self._journal.commit(self._open)
                self._note(self._open.files)
                for block in self._open.blocks:
                    self.finished.count(block)
                del self._pending[: len(self._open.blocks)]  # more may have come since it was broken off
                self._open = None
                self._batches += 1
        self.seconds += time.monotonic() - begun

    def _note(self, files: Sequence[FileReceipt]) -> None:
        self.best.take(files)
        self.bytes += sum(file.size_bytes for file in files)

    def _batch(self) -> Batch:
        files = [file for receipt in self._pending for file in receipt.files]
        packed = pack(rows for receipt in self._pending for rows in receipt.rows)
        files += [
            write_rows(self._lake.storage, table, rows, part, quick=True) for table, part, rows in packed
        ]
        blocks = tuple(_document(receipt) for receipt in self._pending)
        return Batch(self._journal.epoch, self._batches + 1, blocks, tuple(files))

    def _is_due(self) -> bool:
        size = sum(len(rows.ipc) for receipt in self._pending for rows in receipt.rows)
        return (
            time.monotonic() - self._since >= BATCH_SECONDS
            or len(self._pending) >= BATCH_BLOCKS
            or size >= BATCH_BYTES
        )


def _document(receipt: BlockReceipt) -> Mapping[str, Any]:
    """Return what the journal keeps of a block and of what became of its runs."""
    return {**receipt.block.to_document(), "failed": receipt.failed}
