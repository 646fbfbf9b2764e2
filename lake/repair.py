"""Repair: what a check found and that can be put right without guessing, behind the maintenance fence."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.commits import Fence
from lake.lake import Lake
from lake.maintenance import fenced, until_no_conflict
from lake.parquet import read_columns
from lake.receipts import FileReceipt
from lake.schemas import TABLES
from lake.snapshot import DataFile
from lake.sources import verified_bytes
from lake.statistics import file_statistics
from lake.storage import Storage
from lake.taking_out import Cut, may_hold, take_out


def rebuild_statistics(lake: Lake, table: str, files: Sequence[DataFile]) -> int:
    """Put right what the log says of files: row counts, bounds and NULL counts, from their rows.

    Returns:
        How many files; those that are no longer visible are left out.

    Raises:
        DamagedFileError: If one is not what was written; nothing was changed.
        CommitConflictError: If rivals overtook it too often; nothing was changed.
    """
    wanted = {file.path for file in files}

    def attempt() -> int:
        held = fenced(lake, table)
        adds = [_receipt(lake.storage, table, file) for file in held.snapshot.files if file.path in wanted]
        if adds:
            held.commit(adds, [], "repair: statistics")
        return len(adds)

    return until_no_conflict(attempt)


def drop_runs(
    lake: Lake, tables: Iterable[str], pairs: pa.Table, note: str, also: Sequence[Fence] = ()
) -> int:
    """Take the rows of some runs out of some tables, in the order given; safe to repeat.

    Args:
        lake: The lake.
        tables: Table names.
        pairs: Their sweep_id and run_id.
        note: For `history`.
        also: Fences of the sweeps that could be resumed (`owning`).

    Returns:
        Rows that went.

    Raises:
        DamagedFileError: If a file of them is not what was written; nothing of its table was taken out, nor
            of the tables after it.
        SweepTakenOverError: If a driver owns one of the sweeps by now; the same.
    """
    keys = _keys(pairs)
    sweeps = frozenset(pairs["sweep_id"].to_pylist())

    def keep(file: DataFile, rows: pa.RecordBatch) -> pa.Array:
        del file
        return pc.invert(pc.is_in(_keys(rows), value_set=keys))

    cut = Cut(concerned=partial(may_hold, sweeps=sweeps), keep=keep)
    return sum(take_out(lake, table, cut, note, also) or 0 for table in tables)


def _receipt(storage: Storage, table: str, file: DataFile) -> FileReceipt:
    """Return the receipt of a file that is there already, its statistics from its rows."""
    data = verified_bytes(storage, table, file)
    rows = read_columns(pq.ParquetFile(pa.BufferReader(data)), None)
    return FileReceipt(
        table=table,
        path=file.path,
        size_bytes=file.size_bytes,
        rows=rows.num_rows,
        partition=dict(file.partition),
        statistics=file_statistics(rows, TABLES[table].indexed),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _keys(rows: pa.Table | pa.RecordBatch) -> pa.Array:
    """Return one text a row for its sweep and run; neither has a blank in it."""
    return pc.binary_join_element_wise(rows["sweep_id"], rows["run_id"], " ")
