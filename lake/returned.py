"""Returned rows: what a repair took out can be visible again when a driver is about to compute it.

An undo brings back rows that a removal had taken out before the repair came; a log that lost its newest entry
has the files again that this entry took out. The driver would double them, so it takes them out once more.

What drivers have computed again since lies in the files of batches that are not lost, and stays. Once such
files were merged with others, rows tell by their number alone that some returned, and not which: then all
blocks of the symbol go, put down as another loss.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lake.copying import batches
from lake.journal import Batch, Journal, step
from lake.losing import concerned, staying, taken_out
from lake.loss_plan import widened
from lake.lost import Blocks, Loss, lost_blocks, open_losses
from lake.receipts import FileReceipt
from lake.recovery import void_name
from lake.schemas import COMMIT_ORDER
from lake.snapshot import DataFile, Snapshot


def take_out_again(journal: Journal) -> list[Loss]:
    """Take out what is visible of a sweep's open losses; return all of them. Safe to repeat.

    One look at the tables where nothing is visible, and none without a loss.

    Args:
        journal: That of the driver that owns the sweep, after `recover`; it is to be read anew.

    Raises:
        SweepTakenOverError: If a later driver owns the sweep.
        DamagedFileError: If a file that may have such rows is missing or damaged.
    """
    while found := _returned(journal):
        taken_out(journal.lake, found, {}, [journal.fence(step(journal.epoch))])
    return open_losses(journal.lake.storage, journal.sweep_id)


def _returned(journal: Journal) -> list[Loss]:
    """Return what is visible of the losses, as losses of the files in which it lies."""
    storage = journal.lake.storage
    losses = open_losses(storage, journal.sweep_id)
    if not losses:
        return []
    snapshot = journal.lake.snapshot()
    found = [_files_of(loss, snapshot) for loss in losses if loss.only is not None]
    wide = {loss.symbol: loss for loss in losses if loss.only is None}
    if wide:
        names = frozenset(storage.list(journal.folder))
        told = [batch for batch in journal.batches() if void_name(batch) not in names]
        lost = lost_blocks(storage, journal.sweep_id)
        found += [_rows_of(loss, snapshot, told, lost) for loss in wide.values()]
    for loss in found:
        if loss is not None and loss.only is None:
            loss.put(storage)
            loss.finish(storage)  # whoever comes after a death here takes its rows out
    return [loss for loss in found if loss is not None]


def _files_of(loss: Loss, snapshot: Snapshot) -> Loss | None:
    """Return those files of a loss of some files that are visible again; None if none is."""
    there = {
        table: [file.path for file in snapshot[table].files if file.path in set(paths)]
        for table, paths in (loss.only or {}).items()
    }
    return replace(loss, only=there) if any(there.values()) else None


def _rows_of(loss: Loss, snapshot: Snapshot, told: Sequence[Batch], lost: Blocks) -> Loss | None:
    """Return the files with rows that returned, or all blocks of the symbol where that is not to be told."""
    finds = {table: _find(loss, snapshot, table, told, lost) for table in COMMIT_ORDER}
    found = {table: find for table, find in finds.items() if find.rows > find.merged_rows}
    if not found:
        return None
    if any(find.merged for find in found.values()):
        return widened(loss, told)
    return replace(loss, only={table: find.files for table, find in found.items()})


@dataclass(frozen=True)
class _Find:
    """Files of a table, not named by a batch that counts, that have rows of a sweep and symbol.

    Attributes:
        files: Their paths.
        rows: How many such rows they have.
        merged: Whether files of batches that count are gone: their rows may lie in these.
        merged_rows: How many such rows those had, as far as is known.
    """

    files: Sequence[str]
    rows: int
    merged: bool
    merged_rows: int


def _find(loss: Loss, snapshot: Snapshot, table: str, told: Iterable[Batch], lost: Blocks) -> _Find:
    counting = _counting(loss, table, told, lost)
    rows: dict[str, int] = {}
    for file in snapshot[table].files:
        if file.path not in counting and concerned(loss, table, file):
            rows[file.path] = _rows(loss, snapshot, table, file)
    gone = counting.keys() - {file.path for file in snapshot[table].files}
    known = sum(counting[path] for path in gone)
    return _Find([path for path, count in rows.items() if count], sum(rows.values()), bool(gone), known)


def _counting(loss: Loss, table: str, told: Iterable[Batch], lost: Blocks) -> Mapping[str, int]:
    """Return the files of a table that hold blocks of a loss's symbol and none that is lost, by path.

    With each the rows of such blocks in it, as far as is known.
    """
    found = {}
    for batch in told:
        files = batch.of(table)
        for file in files:
            symbol = file.partition.get("symbol", loss.symbol)
            blocks = [
                block
                for block in batch.blocks
                if symbol in (None, block["symbol"])
                and (batch.epoch, batch.number, str(block["symbol"])) not in lost
            ]
            if loss.symbol in (None, symbol) and blocks:
                is_of_symbol = "symbol" in file.partition
                found[file.path] = file.rows if is_of_symbol else _failed(blocks, files)
    return found


def _failed(blocks: Iterable[Mapping[str, Any]], files: Sequence[FileReceipt]) -> int:
    """Return the rows of blocks in the one file of `failures` that their batch has; 0 if it has more."""
    return sum(int(block["failed"]) for block in blocks) if len(files) == 1 else 0


def _rows(loss: Loss, snapshot: Snapshot, table: str, file: DataFile) -> int:
    columns = ["sweep_id"] if "symbol" in file.partition else ["sweep_id", "symbol"]
    parts = batches(snapshot.storage, table, file, columns)
    return sum(staying([loss], table, file, rows).false_count for rows in parts)
