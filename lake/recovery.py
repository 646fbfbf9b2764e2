"""Recovery: a new driver makes what earlier ones put down whole, and shuts them out.

The new driver, of epoch e, goes through these steps, and starts again at the first if it dies in between:

1. It claims e (`ownership`). Drivers before it may still be awake; they are called zombies here.
2. It closes every earlier epoch: after the last batch of it, it puts one that says `closed_by`, if absent. A
   zombie that puts its next batch first has it finished below; one that comes later finds the closing one in
   its place and stops. From here on no earlier batch can appear.
3. It rolls forward every earlier batch, in order, in every table whose transaction is below the batch's step.
   A zombie that commits the same batch takes the same step with the same files: the later one finds it taken.
   A batch of which a file is missing is declared void, by an object put if absent, and not committed.
4. It commits an empty transaction (sweep, e << 32) to every table, and to that of the states. From here on a
   zombie's commit is refused: its next number in the log is taken, and the entry that has it says that a
   later epoch owns the sweep.
5. It takes out what zombies, or drivers that died, had committed of void batches, details first.

So one rule says who may finish a batch: any driver that owns the sweep, until a later one committed its
empty transaction to that table; and that one does so only when the batch is whole, or void, everywhere. Below
a table's e << 32 everything is settled. The blocks of all batches but the void ones are finished, save those
that a repair took out since (`lost`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lake.commits import EPOCH_BITS, Fence, SweepTakenOverError, commit, fence_version
from lake.documents import read_document
from lake.errors import LakeError
from lake.journal import Batch, Journal, JournalTornError, batch_name, step
from lake.log import MAINTENANCE
from lake.lost import lost_blocks
from lake.maintenance import fenced, until_no_conflict
from lake.ownership import newest_owner, owner_name
from lake.schemas import COMMIT_ORDER

Finish = Callable[[Mapping[str, Any]], None]
"""Told the document of every finished block."""
Void = tuple[Batch, tuple[str, ...]]
"""A batch of which files are missing, and the tables that had it."""


class BatchTornError(LakeError):
    """A batch lost files before all of it was committed, and what was cannot be told apart any more."""

    def __init__(self, sweep_id: str, batch: str, table: str) -> None:
        super().__init__(sweep_id, batch, table)
        self.sweep_id, self.batch, self.table = sweep_id, batch, table

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id}: files of {self.batch} are gone, and its rows in table {self.table} are "
            f"merged with others; remove the sweep (`sweeplake delete {self.sweep_id}`) and run it again"
        )


def recover(journal: Journal, finish: Finish) -> None:
    """Make everything whole that earlier drivers of a sweep put down, and shut them out; safe to repeat.

    Args:
        journal: The journal of the driver that owns the sweep now.
        finish: Told of every block that needs not be computed again.

    Raises:
        SweepTakenOverError: If a later driver owns the sweep.
        BatchTornError: If what a void batch left cannot be taken out.
        JournalTornError: If parts of the journal are gone; nothing was changed.
    """
    void = settle_earlier(journal, finish)
    if journal.epoch > 1:
        shut_out([journal])
    take_out_void(journal, void)


def settle_earlier(journal: Journal, finish: Finish) -> list[Void]:
    """Do steps 2 and 3: what earlier drivers put down is whole, and ends there; return what is void.

    Raises:
        As `recover`.
    """
    last = _last_names(journal)
    if journal.epoch == 1:
        _require_first(journal, last)
        return []  # the first to claim it: there is nothing
    for epoch in range(1, journal.epoch):
        close(journal, epoch, last.get(epoch))
    return roll_forward(journal, finish)


def shut_out(journals: Sequence[Journal]) -> None:
    """Do step 4 of several sweeps at once, in one commit a table.

    Raises:
        SweepTakenOverError: If a later driver owns one of them.
    """
    fences = [journal.fence(step(journal.epoch)) for journal in journals]
    for table in (*COMMIT_ORDER, "sweeps") if journals else ():
        commit(journals[0].lake, table, [], fence=fences[0], also=fences[1:])


def take_out_void(journal: Journal, void: Sequence[Void]) -> None:
    """Do step 5.

    Raises:
        BatchTornError: If what a void batch left cannot be told from other rows.
    """
    for batch, tables in void:
        for table in reversed(COMMIT_ORDER):
            _take_out(journal, batch, table, was_committed=table in tables)


def _last_names(journal: Journal) -> dict[int, str]:
    """Return the name of each epoch's last entry, if the journal has all that was committed.

    A table's newest step is that of a batch, or of the beginning of an epoch; that one closed the one before.
    """
    steps = {fence_version(journal.lake, table, journal.sweep_id) or 0 for table in COMMIT_ORDER}
    last = journal.last_names()  # after those steps: a zombie puts a batch down before it commits it
    for committed in steps:
        epoch, number = committed >> EPOCH_BITS, committed & ((1 << EPOCH_BITS) - 1)
        if epoch > 1 and epoch - 1 not in last:
            raise JournalTornError(journal.sweep_id, f"all of epoch {epoch - 1}")
        if number and last.get(epoch, "") < batch_name(epoch, number):
            raise JournalTornError(journal.sweep_id, batch_name(epoch, number))
    return last


def _require_first(journal: Journal, last: dict[int, str]) -> None:
    """Return if nobody put anything down before the first driver, nor closed its epoch already."""
    if last:
        newest = newest_owner(journal.lake, journal.sweep_id)
        if newest is not None and newest.epoch > journal.epoch:
            raise SweepTakenOverError(journal.sweep_id, journal.epoch, newest.epoch)
        raise JournalTornError(journal.sweep_id, owner_name(journal.epoch))


def close(journal: Journal, epoch: int, last: str | None = None) -> None:
    """End an epoch, of which the last entry may be known: no batch can be put into it any more."""
    number = 0
    if last is not None:
        batch = journal.read(last)
        if batch.closed_by is not None:
            return
        number = batch.number
    held = None
    while held is None or held.closed_by is None:  # the epoch's driver put another one meanwhile
        number += 1
        held = journal.put(Batch(epoch, number, (), (), closed_by=journal.epoch))


def roll_forward(journal: Journal, finish: Finish) -> list[Void]:
    """Finish every batch that was put down and not committed; safe to repeat, and beside its own driver.

    Returns:
        The batches that are void.

    Raises:
        SweepTakenOverError: If a driver of a later epoch committed already.
    """
    committed = {table: fence_version(journal.lake, table, journal.sweep_id) or 0 for table in COMMIT_ORDER}
    names = frozenset(journal.lake.storage.list(journal.folder))
    lost, void = lost_blocks(journal.lake.storage, journal.sweep_id), []
    for batch in journal.batches():
        if void_name(batch) in names:
            void.append((batch, _void_tables(journal, batch)))
            continue
        left = [table for table in COMMIT_ORDER if batch.of(table) and committed[table] < batch.step]
        if _missing(journal, batch, left):
            had = tuple(table for table in COMMIT_ORDER if batch.of(table) and table not in left)
            _declare_void(journal, batch, had)
            void.append((batch, had))
            continue
        if left:
            journal.apply(batch)
        for block in batch.blocks:
            if (batch.epoch, batch.number, block.get("symbol")) not in lost:
                finish(block)
    return void


def _missing(journal: Journal, batch: Batch, tables: list[str]) -> bool:
    """Say whether a file that would be committed is not there, or has another size."""
    storage = journal.lake.storage
    return any(
        storage.size(f"{table}/{file.path}") != file.size_bytes
        for table in tables
        for file in batch.of(table)
    )


def void_name(batch: Batch) -> str:
    """Return the object in the journal that says that a batch is void."""
    return f"void-{batch.name}"


def _declare_void(journal: Journal, batch: Batch, tables: tuple[str, ...]) -> None:
    data = json.dumps({"tables": tables, "by": journal.epoch}).encode()
    journal.lake.storage.put_if_absent(f"{journal.folder}/{void_name(batch)}", data)


def _void_tables(journal: Journal, batch: Batch) -> tuple[str, ...]:
    path = f"{journal.folder}/{void_name(batch)}"
    return read_document(journal.lake.storage, path, lambda document: tuple(document["tables"]))


def _take_out(journal: Journal, batch: Batch, table: str, *, was_committed: bool) -> None:
    """Take a void batch's files out of a table, once for all; nobody commits them any more."""
    lake, paths = journal.lake, {file.path for file in batch.of(table)}
    mark = f"{journal.sweep_id}/{void_name(batch)}"
    if not paths or fence_version(lake, table, mark) is not None:
        return

    def attempt() -> None:
        held = fenced(lake, table)
        visible = [file for file in held.snapshot.files if file.path in paths]
        if not visible and not was_committed:
            return
        if len(visible) != len(paths):
            raise BatchTornError(journal.sweep_id, batch.name, table)
        fence = Fence(MAINTENANCE, held.step, exclusive=True)
        commit(lake, table, [], removes=visible, fence=fence, mark=mark, head=held.head)

    until_no_conflict(attempt)
