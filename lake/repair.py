"""Repair: what a check found and that can be put right without guessing, behind the maintenance fence."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.commits import CommitConflictError, fence_version
from lake.errors import LakeError
from lake.journal import Batch, Journal
from lake.known_sweeps import RUN_TABLES, KnownSweeps
from lake.lake import Lake
from lake.loss_plan import plan_loss
from lake.lost import Loss, unfinished_losses
from lake.maintenance import fenced
from lake.parquet import read_columns
from lake.receipts import FileReceipt
from lake.schemas import TABLES
from lake.snapshot import DataFile, Snapshot
from lake.statistics import file_statistics
from lake.storage import Storage
from lake.sweep_log import RUNNING
from lake.writer import write_rows

ATTEMPTS = 20
REMOVAL_ORDER = tuple(reversed(RUN_TABLES))
"""Details first, so that no reader meets half a run."""

Keep = Callable[[DataFile, pa.Table], pa.Array]
"""Says of each row of a file whether it stays."""


class SweepsRunningError(LakeError):
    """Files of sweeps that still commit cannot be taken out."""

    def __init__(self, sweeps: Sequence[str]) -> None:
        super().__init__(tuple(sweeps))
        self.sweeps = tuple(sweeps)

    def __str__(self) -> str:
        again = ", ".join(f"`sweeplake resume {sweep}`" for sweep in self.sweeps)
        return (
            "nothing was taken out: damaged files hold runs of sweeps that have not ended; wait for them, "
            f"or, if their driver died, {again} first"
        )


class FileDamagedError(LakeError):
    """A committed file cannot be read."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)
        self.file, self.reason = file, reason

    def __str__(self) -> str:
        return f"{self.file} cannot be read: {self.reason}; see `sweeplake check --deep`"


def rebuild_statistics(lake: Lake, table: str, files: Sequence[DataFile]) -> int:
    """Put right what the log says of files: row counts, bounds and NULL counts, from their rows.

    Returns:
        How many files; those that are no longer visible are left out.

    Raises:
        CommitConflictError: If other maintenance came first; nothing was changed.
    """
    held = fenced(lake, table)
    wanted = {file.path for file in files}
    adds = [_receipt(lake.storage, table, file) for file in held.snapshot.files if file.path in wanted]
    if adds:
        held.commit(adds, [], "repair: statistics")
    return len(adds)


def drop_runs(lake: Lake, tables: Iterable[str], pairs: pa.Table, note: str) -> int:
    """Take the rows of some runs out of some tables, in the order given; safe to repeat.

    Args:
        lake: The lake.
        tables: Table names.
        pairs: Their sweep_id and run_id.
        note: For `history`.

    Returns:
        Rows that went.
    """
    keys = _keys(pairs)
    sweeps = set(pairs["sweep_id"].to_pylist())

    def keep(file: DataFile, rows: pa.Table) -> pa.Array:
        del file
        return pc.invert(pc.is_in(_keys(rows), value_set=keys))

    concerned = partial(_may_hold, sweeps=sweeps)
    return sum(_take_out(lake, table, (), concerned, keep, note) for table in tables)


def drop_lost(
    lake: Lake, lost: Mapping[str, Sequence[DataFile]], sweeps: KnownSweeps, snapshot: Snapshot
) -> list[Loss]:
    """Take files out that are missing or damaged, with everything of the blocks that they held rows of.

    What goes is put down first, and counts as not computed from the end of this on: `resume` does it again.
    A sweep whose journal is gone loses the files and nothing else.

    Args:
        lake: The lake.
        lost: The files, by table.
        sweeps: The sweeps of the lake.
        snapshot: What is visible, these files included.

    Returns:
        What went, one a file and sweep.

    Raises:
        SweepsRunningError: If a sweep that has rows in one of them still commits; nothing was changed.
    """
    storage = lake.storage
    touched = {
        (table, file.path): sweeps_in(storage, table, file, sweeps.touched(table, file))
        for table in RUN_TABLES
        for file in lost.get(table, ())
    }
    journals = {
        name: tuple(Journal(lake, name).batches()) for name in sorted(set[str]().union(*touched.values()))
    }
    running = [name for name, batches in journals.items() if _unsettled(lake, sweeps, name, batches)]
    if running:
        raise SweepsRunningError(running)
    visible = {name: frozenset(held.path for held in snapshot[name].files) for name in RUN_TABLES}
    plans = (
        plan_loss(table, file, name, journals[name], visible)
        for table in RUN_TABLES
        for file in lost.get(table, ())
        for name in touched[table, file.path]
    )
    losses = [loss for loss in plans if loss is not None]
    for loss in losses:
        loss.put(storage)
    gone = {table: [file.path for file in files] for table, files in lost.items()}
    _finish(lake, losses, gone)
    for table in (*REMOVAL_ORDER, *(name for name in lost if name not in REMOVAL_ORDER)):
        _take_out(lake, table, gone.get(table, ()), lambda _: False, None, "repair: damaged files")
    return losses


def finish_losses(lake: Lake) -> int:
    """Finish the repairs that were cut off, and return how many; safe to repeat."""
    losses = unfinished_losses(lake.storage)
    _finish(lake, losses, {})
    return len(losses)


def _finish(lake: Lake, losses: Sequence[Loss], gone: Mapping[str, Sequence[str]]) -> None:
    """Take out what losses name, details first, and let them count; `gone` cannot be read either."""
    for table in REMOVAL_ORDER:
        whole = {*gone.get(table, ()), *(path for loss in losses for path in loss.files.get(table, ()))}
        for loss in losses:
            concerned = partial(_concerned, loss, table)
            keep = partial(_kept, loss)
            _take_out(lake, table, whole, concerned, keep, f"repair of sweep {loss.sweep_id}")
    for loss in losses:
        loss.finish(lake.storage)


def sweeps_in(storage: Storage, table: str, file: DataFile, candidates: Sequence[str]) -> Sequence[str]:
    """Return the sweeps that a file has rows of, by the file itself if that much can be read of it."""
    if len(candidates) == 1:
        return candidates
    try:
        return sorted(set(_read(storage, table, file, ["sweep_id"])["sweep_id"].to_pylist()))
    except FileDamagedError:
        return candidates


def _unsettled(lake: Lake, sweeps: KnownSweeps, sweep_id: str, batches: Sequence[Batch]) -> bool:
    """Say whether a sweep runs, or has batches that are not committed yet: nothing of it may be taken out."""
    if sweeps.states.get(sweep_id, {}).get("status") == RUNNING:
        return True
    needed = {file.table: batch.step for batch in batches for file in batch.files}
    return any((fence_version(lake, table, sweep_id) or 0) < step for table, step in needed.items())


def _concerned(loss: Loss, table: str, file: DataFile) -> bool:
    if loss.only is not None and file.path not in loss.only.get(table, ()):
        return False
    if loss.symbol is not None and file.partition.get("symbol", loss.symbol) != loss.symbol:
        return False
    return _may_hold(file, sweeps={loss.sweep_id})


def _kept(loss: Loss, file: DataFile, rows: pa.Table) -> pa.Array:
    gone = pc.equal(rows["sweep_id"], loss.sweep_id)
    if loss.symbol is not None and "symbol" not in file.partition:
        gone = pc.and_(gone, pc.equal(rows["symbol"], loss.symbol))
    return pc.invert(gone)


def _may_hold(file: DataFile, sweeps: set[str]) -> bool:
    """Say whether a file may have rows of some sweeps, by its bounds in the log."""
    low, high = file.minimum.get("sweep_id"), file.maximum.get("sweep_id")
    return low is None or high is None or any(low <= sweep <= high for sweep in sweeps)


def _take_out(
    lake: Lake,
    table: str,
    whole: Collection[str],
    concerned: Callable[[DataFile], bool],
    keep: Keep | None,
    note: str,
) -> int:
    """Take files out whole, and rows out of others, in one commit, planned anew where a rival came first."""
    for _ in range(ATTEMPTS):
        held = fenced(lake, table)
        removes, adds, rows = [], list[FileReceipt](), 0
        for file in held.snapshot.files:
            if file.path in whole:
                removes.append(file)
                rows += file.rows
            elif keep is not None and concerned(file):
                kept, gone = _rewritten(lake.storage, table, file, keep)
                if gone:
                    removes.append(file)
                    adds += kept
                    rows += gone
        if not removes:
            return 0
        try:
            held.commit(adds, removes, note)
        except CommitConflictError as error:
            conflict = error
            continue
        return rows
    raise conflict


def _rewritten(storage: Storage, table: str, file: DataFile, keep: Keep) -> tuple[list[FileReceipt], int]:
    """Return a file of the rows that stay, or none, and how many go."""
    rows = _read(storage, table, file)
    left = rows.filter(keep(file, rows))
    gone = rows.num_rows - left.num_rows
    if not gone or not left.num_rows:
        return [], gone
    return [write_rows(storage, table, left, file.partition)], gone


def _receipt(storage: Storage, table: str, file: DataFile) -> FileReceipt:
    """Return the receipt of a file that is there already, its statistics from its rows."""
    rows = _read(storage, table, file)
    return FileReceipt(
        table=table,
        path=file.path,
        size_bytes=file.size_bytes,
        rows=rows.num_rows,
        partition=dict(file.partition),
        statistics=file_statistics(rows, TABLES[table].indexed),
        sha256=hashlib.sha256(storage.read(f"{table}/{file.path}")).hexdigest(),
    )


def _read(storage: Storage, table: str, file: DataFile, columns: list[str] | None = None) -> pa.Table:
    """Return a file's rows, every page held against its checksum: nothing is rewritten that is damaged."""
    path = f"{table}/{file.path}"
    try:
        with storage.open(path, file.size_bytes) as source:
            return read_columns(pq.ParquetFile(source, page_checksum_verification=True), columns)
    except (OSError, pa.ArrowException) as error:
        raise FileDamagedError(path, str(error).partition("\n")[0]) from error


def _keys(rows: pa.Table) -> pa.Array:
    """Return one text a row for its sweep and run; neither has a blank in it."""
    return pc.binary_join_element_wise(rows["sweep_id"], rows["run_id"], " ")
