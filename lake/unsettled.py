"""Unsettled sweeps: what a sweep put down and its tables, or its own state, do not have, whatever that says.

A driver that ended has committed all that it put down. That a table lacks some of it afterwards has one
cause: its log lost a commit, as when a cut entry is set aside. The journal brings it back (`recovery`).
"""

from collections.abc import Iterator

from lake.commits import EPOCH_BITS, fence_version
from lake.documents import read_document
from lake.journal import Batch, Journal, JournalTornError
from lake.lake import Lake
from lake.ownership import newest_epoch
from lake.recovery import void_name
from lake.schemas import COMMIT_ORDER


def behind(lake: Lake, sweep_id: str) -> tuple[str, ...]:
    """Return the tables that have not committed every batch of a sweep's journal; () if there is none.

    Reads the journal, and the tables' logs as they are now. One that vacuum has begun to delete, or that lost
    parts otherwise, tells nothing: it cannot bring anything back.
    """
    try:
        needed = {file.table: batch.step for batch in _counting(lake, sweep_id) for file in batch.files}
    except JournalTornError:
        return ()
    return tuple(
        table
        for table in COMMIT_ORDER
        if table in needed and _committed(lake, table, sweep_id) < needed[table]
    )


def half_settled(lake: Lake, sweep_id: str) -> bool:
    """Return whether the last driver that claimed a sweep ended before it recorded how the sweep stands."""
    return newest_epoch(lake, sweep_id) > recorded_epoch(lake, sweep_id)


def recorded_epoch(lake: Lake, sweep_id: str) -> int:
    """Return the epoch of the driver that recorded a sweep's last state; 0 if none did."""
    return _committed(lake, "sweeps", sweep_id) >> EPOCH_BITS


def voided_since(lake: Lake, sweep_id: str, epoch: int) -> bool:
    """Return whether a driver after an epoch's found files of a batch gone, so that its blocks are open."""
    journal = Journal(lake, sweep_id)
    names = (name for name in lake.storage.list(journal.folder) if name.startswith("void-"))
    paths = (f"{journal.folder}/{name}" for name in names)
    return any(read_document(lake.storage, path, lambda held: int(held["by"])) > epoch for path in paths)


def has_journal(lake: Lake, sweep_id: str) -> bool:
    """Return whether a sweep's journal is there; vacuum takes those of sweeps that ended."""
    return newest_epoch(lake, sweep_id) > 0


def _counting(lake: Lake, sweep_id: str) -> Iterator[Batch]:
    """Yield the batches that are not void."""
    journal = Journal(lake, sweep_id)
    names = frozenset(lake.storage.list(journal.folder))
    return (batch for batch in journal.batches() if void_name(batch) not in names)


def _committed(lake: Lake, table: str, sweep_id: str) -> int:
    return fence_version(lake, table, sweep_id) or 0
