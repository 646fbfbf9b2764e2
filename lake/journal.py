"""Journal: what a sweep's driver puts down before it commits, so that any other can finish it.

A sweep's folder `_sweeps/<sweep_id>/` holds `owner-<epoch>.json`, one a driver that owned it, and
`batch-<epoch>-<number>.json`, one a batch: the blocks that it finishes and the files that make them visible.
Every one of them is written once, if absent, and never changed.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lake.commits import Fence, commit
from lake.errors import LakeError
from lake.lake import Lake
from lake.receipts import FileReceipt
from lake.schemas import COMMIT_ORDER


class SweepOwnedError(LakeError):
    """Another driver owns the sweep."""

    def __init__(self, sweep_id: str, epoch: int, owner: str) -> None:
        super().__init__(sweep_id, epoch, owner)
        self.sweep_id, self.epoch, self.owner = sweep_id, epoch, owner

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} is owned by {self.owner} (epoch {self.epoch}); "
            "wait for it, or start another"
        )


@dataclass(frozen=True)
class Batch:
    """Blocks that become visible together.

    Attributes:
        epoch: Epoch of the driver that wrote it.
        number: Position in the sweep, from 1, across epochs.
        blocks: One document a finished block, as the driver describes it.
        files: Files to commit.
    """

    epoch: int
    number: int
    blocks: tuple[Mapping[str, Any], ...]
    files: tuple[FileReceipt, ...]

    @property
    def step(self) -> int:
        """Version of the application transaction that this batch takes in every table."""
        return (self.epoch << 32) | self.number


class Journal:
    """The journal of one sweep, written by the driver that owns it."""

    def __init__(self, lake: Lake, sweep_id: str) -> None:
        self.lake, self.sweep_id = lake, sweep_id
        self._folder = f"_sweeps/{sweep_id}"

    def claim(self, epoch: int = 1) -> None:
        """Become the sweep's owner.

        Raises:
            SweepOwnedError: If another driver took this epoch.
        """
        name = f"{self._folder}/owner-{epoch:06d}.json"
        owner = f"{socket.gethostname()}:{os.getpid()}"
        document = {"owner": owner, "at": datetime.now(UTC).isoformat()}
        if not self.lake.storage.put_if_absent(name, json.dumps(document).encode()):
            held = json.loads(self.lake.storage.read(name))
            raise SweepOwnedError(self.sweep_id, epoch, held["owner"])

    def commit(self, batch: Batch) -> None:
        """Put a batch down, then make it visible in every table, details last.

        Whole after a crash at any point: once the batch is in the journal, `roll_forward` finishes it. A
        retry of the same batch commits nothing twice.

        Raises:
            SweepOwnedError: If another driver wrote this batch.
        """
        document = {
            "blocks": [dict(block) for block in batch.blocks],
            "files": [file.to_document() for file in batch.files],
        }
        name = f"{self._folder}/batch-{batch.epoch:06d}-{batch.number:08d}.json"
        data = json.dumps(document).encode()
        storage = self.lake.storage
        if not storage.put_if_absent(name, data) and storage.read(name) != data:
            raise SweepOwnedError(self.sweep_id, batch.epoch, "another driver")
        self.apply(batch)

    def apply(self, batch: Batch) -> None:
        """Make a batch visible wherever it is not yet; safe to repeat."""
        for table in COMMIT_ORDER:
            files = [file for file in batch.files if file.table == table]
            if files:
                commit(self.lake, table, files, fence=Fence(self.sweep_id, batch.step))

    def batches(self) -> Iterator[Batch]:
        """Yield the batches of all epochs in the order in which they were committed."""
        for name in self.lake.storage.list(self._folder):
            kind, *numbers = name.removesuffix(".json").split("-")
            if kind == "batch":
                epoch, number = (int(text) for text in numbers)
                document = json.loads(self.lake.storage.read(f"{self._folder}/{name}"))
                files = tuple(FileReceipt(**file) for file in document["files"])
                yield Batch(epoch, number, tuple(document["blocks"]), files)

    def roll_forward(self) -> int:
        """Finish every batch that a driver put down and did not commit; return how many batches there are."""
        count = 0
        for count, batch in enumerate(self.batches(), start=1):  # noqa: B007
            self.apply(batch)
        return count
