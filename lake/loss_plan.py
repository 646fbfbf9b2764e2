"""Loss plan: whose blocks go with a file that cannot be read, as little as can be told apart. Pure."""

from collections.abc import Mapping, Sequence

from lake.journal import Batch
from lake.lost import Loss
from lake.receipts import FileReceipt
from lake.snapshot import DataFile


def plan_loss(
    table: str,
    file: DataFile,
    sweep_id: str,
    batches: Sequence[Batch],
    visible: Mapping[str, frozenset[str]],
) -> Loss | None:
    """Return what of a sweep goes with a file.

    While the files of its batch lie as the driver wrote them, the batch's blocks of the file's symbol go.
    Once they were merged with others, nobody knows any more which rows are whose: then all blocks of the
    symbol go, and are computed again.

    Args:
        table: The file's table.
        file: A file that is missing or damaged.
        sweep_id: A sweep that may have rows in it.
        batches: The sweep's journal; every batch committed.
        visible: Paths of the committed files, by table.

    Returns:
        The loss; None if the journal has nothing of the symbol, or is no longer there, so that nothing could
        be computed again.
    """
    symbol = file.partition.get("symbol")
    files = {table: [file.path]}
    home = next((batch for batch in batches if _names(batch, table, file.path)), None)
    if home is not None:
        group = [home, *_details_after(home, batches, symbol)]
        own = [held for batch in group for held in _of_symbol(batch, symbol)]
        if all(held.path in visible[held.table] for held in own):
            return Loss(sweep_id, symbol, _blocks(group, symbol), files, _by_table(own))
    blocks = _blocks(batches, symbol)
    return Loss(sweep_id, symbol, blocks, files) if blocks else None


def widened(loss: Loss, batches: Sequence[Batch]) -> Loss:
    """Return a loss of all blocks of the same symbol, under a name of its own, in whatever files they lie.

    Args:
        loss: A loss of the same files.
        batches: The sweep's journal, to which nobody adds any more.
    """
    return Loss(loss.sweep_id, loss.symbol, _blocks(batches, loss.symbol), loss.files)


def _details_after(home: Batch, batches: Sequence[Batch], symbol: str | None) -> list[Batch]:
    """Return the batches with the details of runs that were chosen when all metrics were in, `home`'s too."""
    if not any(block["phase"] != "details" for block in home.blocks):
        return []
    return [
        batch
        for batch in batches
        if batch is not home
        and any(block["phase"] == "details" and symbol in (None, block["symbol"]) for block in batch.blocks)
    ]


def _of_symbol(batch: Batch, symbol: str | None) -> list[FileReceipt]:
    """Return a batch's files that may have rows of a symbol."""
    return [file for file in batch.files if symbol in (None, file.partition.get("symbol", symbol))]


def _names(batch: Batch, table: str, path: str) -> bool:
    return any(held.table == table and held.path == path for held in batch.files)


def _blocks(batches: Sequence[Batch], symbol: str | None) -> list[tuple[int, int, str]]:
    found = {
        (batch.epoch, batch.number, str(block["symbol"]))
        for batch in batches
        for block in batch.blocks
        if symbol in (None, block["symbol"])
    }
    return sorted(found)


def _by_table(files: Sequence[FileReceipt]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.table, []).append(file.path)
    return found
