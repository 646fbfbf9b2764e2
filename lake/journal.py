"""Journal: what a sweep's driver puts down before it commits, so that any other can finish it.

A sweep's folder `_sweeps/<sweep_id>/` holds `batch-<epoch>-<number>.json`, one a batch: the blocks that it
finishes and the files that make them visible. Every one of them is put if absent and never changed. Numbers
count from 1 in every epoch. A batch without blocks that says `closed_by` ends its epoch.

Vacuum takes the owners' files of a journal first. So one that it began to delete, and did not finish, is
known by batches without their owner, and nobody takes it for a journal of less.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lake.admission import admit_columns
from lake.commits import EPOCH_BITS, Fence, SweepTakenOverError, commit
from lake.documents import DocumentDamagedError, read_document
from lake.errors import LakeError
from lake.lake import Lake
from lake.ownership import owner_name, sweep_folder
from lake.receipts import FileReceipt
from lake.schemas import COMMIT_ORDER
from lake.uncommitted import FilesTakenError, require_there

_BATCH = "batch-"
READERS, READ_AHEAD = 8, 64
"""Entries that are read at a time, and that are held at most."""


class BatchTakenError(LakeError):
    """A driver stood still for so long that vacuum took files that it had not committed."""

    def __init__(self, sweep_id: str, table: str, taken: int) -> None:
        super().__init__(sweep_id, table, taken)
        self.sweep_id, self.table, self.taken = sweep_id, table, taken

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id}: its driver slept, or stood still, for so long that vacuum took "
            f"{self.taken} files of table {self.table} that it had not committed; "
            f"`sweeplake resume {self.sweep_id}` computes what they held again, and goes on"
        )


class JournalTornError(LakeError):
    """A part of a sweep's journal is gone: what was computed cannot be told any more."""

    def __init__(self, sweep_id: str, missing: str) -> None:
        super().__init__(sweep_id, missing)
        self.sweep_id, self.missing = sweep_id, missing

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id}: its journal, which tells what is computed, has lost {self.missing}; "
            f"remove the sweep (`sweeplake delete {self.sweep_id}`) and run it again"
        )


@dataclass(frozen=True)
class Batch:
    """Blocks that become visible together.

    Attributes:
        epoch: Epoch of the driver that wrote it.
        number: Position in the epoch, from 1.
        blocks: One document a finished block, as the driver describes it.
        files: Files to commit.
        token: What tells it from any other batch, also from one of the same blocks.
        closed_by: The epoch that closed this one by it; None: it is a driver's own work.
    """

    epoch: int
    number: int
    blocks: tuple[Mapping[str, Any], ...]
    files: tuple[FileReceipt, ...]
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    closed_by: int | None = None

    @property
    def step(self) -> int:
        """Version of the application transaction that this batch takes in every table."""
        return step(self.epoch, self.number)

    @property
    def name(self) -> str:
        """Its place in the journal's folder."""
        return batch_name(self.epoch, self.number)

    def of(self, table: str) -> list[FileReceipt]:
        """Return its files of one table."""
        return [file for file in self.files if file.table == table]

    def encode(self) -> bytes:
        """Return what the journal holds of it."""
        document = {
            "token": self.token,
            "closed_by": self.closed_by,
            "blocks": [dict(block) for block in self.blocks],
            "files": [file.to_document() for file in self.files],
        }
        return json.dumps(document).encode()

    @staticmethod
    def of_document(name: str, held: Mapping[str, Any]) -> "Batch":
        """Return the batch that `encode` wrote under its name."""
        epoch, number = _place(name)
        files = tuple(FileReceipt(**file) for file in held["files"])
        return Batch(epoch, number, tuple(held["blocks"]), files, held["token"], held["closed_by"])


class Journal:
    """The journal of one sweep, as the driver of an epoch writes it."""

    def __init__(self, lake: Lake, sweep_id: str, epoch: int = 1) -> None:
        self.lake, self.sweep_id, self.epoch = lake, sweep_id, epoch
        self.folder = sweep_folder(sweep_id)

    def commit(self, batch: Batch) -> None:
        """Put a batch down, then make it visible in every table, details last.

        Whole after a crash at any point: once the batch is in the journal, whoever takes the sweep over
        finishes it. A retry of the same batch commits nothing twice.

        Raises:
            SweepTakenOverError: If a later driver closed this epoch, or committed already.
            BatchTakenError: If files of it are gone; resume finds its blocks not finished.
        """
        held = self.put(batch)
        if held.token != batch.token:
            raise SweepTakenOverError(self.sweep_id, self.epoch, held.closed_by or held.epoch)
        self.apply(batch)

    def put(self, batch: Batch) -> Batch:
        """Put a batch down if its number is free; return the one that has the number then.

        An answer that was lost is no harm: a retry finds its own batch, and knows it by its token. Its files
        are kept by vacuum from then on, and so have to be there; and their columns join the tables before, as
        nobody could commit it else.

        Raises:
            BatchTakenError: If they are not; it was not put down.
            ColumnClashError: If a column cannot join; it was not put down.
        """
        name = f"{self.folder}/{batch.name}"
        for table in COMMIT_ORDER:
            admit_columns(self.lake, table, batch.of(table))
        try:
            self._require_files(batch)
        except BatchTakenError:
            if self.lake.storage.read_if_there(name) is None:
                raise  # else what became of it is known from there
        if self.lake.storage.put_if_absent(name, batch.encode()):
            return batch
        return self.read(batch.name)

    def apply(self, batch: Batch) -> None:
        """Make a batch visible wherever it is not yet; safe to repeat.

        Raises:
            SweepTakenOverError: If a later driver committed already.
            BatchTakenError: If files of it are gone; resume takes out what was made visible.
        """
        for table in COMMIT_ORDER:
            files = batch.of(table)
            if files:
                with self._taken_told():
                    commit(self.lake, table, files, fence=self.fence(batch.step))

    def fence(self, version: int) -> Fence:
        """Return the fence of a commit that takes a step as this epoch's driver."""
        return Fence(self.sweep_id, version, epoch=self.epoch)

    def batches(self) -> Iterator[Batch]:
        """Yield the batches of all epochs in the order of their steps, what closes an epoch left out.

        Raises:
            JournalTornError: As `names` does.
        """
        for batch in self.entries():
            if batch.closed_by is None:
                yield batch

    def held_batches(self) -> Iterator[Batch]:
        """Yield the batches that are there, also of a journal that has lost parts."""
        names = sorted(name for name in self.lake.storage.list(self.folder) if name.startswith(_BATCH))
        return (batch for batch in self._read_all(names) if batch.closed_by is None)

    def entries(self) -> Iterator[Batch]:
        """Yield everything that has a batch's name, of all epochs, in the order of the steps.

        Raises:
            JournalTornError: As `names` does.
        """
        return self._read_all(self.names())

    def _read_all(self, names: Sequence[str]) -> Iterator[Batch]:
        with ThreadPoolExecutor(READERS) as readers:
            for first in range(0, len(names), READ_AHEAD):
                yield from readers.map(self.read, names[first : first + READ_AHEAD])

    def names(self) -> list[str]:
        """Return the names of all entries, of all epochs, in the order of the steps.

        Raises:
            JournalTornError: If one before the last of its epoch is gone, or an epoch's owner.
        """
        held = set(self.lake.storage.list(self.folder))
        missing = _missing(held)
        if missing:  # a listing may pass over what is put meanwhile, and have what came after it
            found = missing & set(self.lake.storage.list(self.folder))
            held |= found
            missing -= found
        if missing:
            raise JournalTornError(self.sweep_id, min(missing))
        return sorted(name for name in held if name.startswith(_BATCH))

    def last_names(self) -> dict[int, str]:
        """Return the name of each epoch's last entry.

        Raises:
            JournalTornError: As `names` does.
        """
        return {_place(name)[0]: name for name in self.names()}

    def read(self, name: str) -> Batch:
        """Return the entry of a name.

        Raises:
            JournalTornError: If it cannot be read: then nobody knows what it told.
        """
        path = f"{self.folder}/{name}"
        try:
            return read_document(self.lake.storage, path, lambda held: Batch.of_document(name, held))
        except DocumentDamagedError as error:
            raise JournalTornError(self.sweep_id, f"{path} ({error.reason})") from error

    def _require_files(self, batch: Batch) -> None:
        with self._taken_told():
            for table in COMMIT_ORDER:
                require_there(self.lake.storage, table, batch.of(table))

    @contextmanager
    def _taken_told(self) -> Iterator[None]:
        """Tell of files that are gone as of this sweep's."""
        try:
            yield
        except FilesTakenError as error:
            raise BatchTakenError(self.sweep_id, error.table, error.taken) from error


def batch_name(epoch: int, number: int) -> str:
    """Return the name of an entry in the sweep's folder."""
    return f"{_BATCH}{epoch:06d}-{number:08d}.json"


def step(epoch: int, number: int = 0) -> int:
    """Return the version of the transaction that a batch takes; number 0 begins the epoch."""
    return (epoch << EPOCH_BITS) | number


def _place(name: str) -> tuple[int, int]:
    """Return the epoch and number of an entry's name."""
    epoch, number = name.removesuffix(".json").split("-")[1:]
    return int(epoch), int(number)


def _missing(names: Iterable[str]) -> set[str]:
    """Return what the entries in a sweep's folder need beside them and that is not there."""
    held = set(names)
    places = [_place(name) for name in held if name.startswith(_BATCH)]
    last: dict[int, int] = {}
    for epoch, number in places:
        last[epoch] = max(number, last.get(epoch, 0))
    gaps = sum(last.values()) - len(places)
    needed = {owner_name(epoch) for epoch in last}
    if gaps:
        needed |= {batch_name(epoch, at) for epoch, count in last.items() for at in range(1, count + 1)}
    return needed - held
