"""Copying: some rows of a file into new files, batch by batch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.away import READ_ERRORS, raise_if_away
from lake.choices import Choice
from lake.receipts import FileReceipt
from lake.schemas import TABLES
from lake.snapshot import DataFile
from lake.sources import DamagedFileError, verified_rows
from lake.storage import Storage
from lake.writer import write_rows

BATCH_ROWS = 65_536
FILE_BYTES = 128_000_000
"""Rows that are held before they become a file, in memory's bytes."""

KEYS = ("sweep_id", "run_id")

Mask = Callable[[pa.RecordBatch], pa.Array]
"""Returns which rows of a batch to keep, shape (rows,)."""


def batches(storage: Storage, table: str, file: DataFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield some columns of a file's rows in order; partition columns are not among them.

    Raises:
        DamagedFileError: If it is not there, or a page of these columns is not what was written.
        LakeUnreachableError: If the storage does not answer, or does not let it be read.
    """
    ahead = not storage.local  # many ranges in few requests
    try:
        with storage.open(f"{table}/{file.path}", file.size_bytes) as source:
            stored = pq.ParquetFile(source, page_checksum_verification=True, pre_buffer=ahead)
            wrong = _wrong_columns(table, stored.schema_arrow, columns)
            if wrong:
                raise DamagedFileError(table, file.path, wrong)
            yield from stored.iter_batches(BATCH_ROWS, columns=list(columns))
    except FileNotFoundError as error:
        raise DamagedFileError(table, file.path, "it is not there") from error
    except READ_ERRORS as error:
        raise_if_away(storage, error)
        raise DamagedFileError(table, file.path, str(error)) from error


def _wrong_columns(table: str, schema: pa.Schema, columns: Sequence[str]) -> str:
    """Return what is wrong with the columns that a file is asked for, as its footer tells; "" if nothing."""
    known = TABLES[table].schema
    for name in columns:
        place = schema.get_field_index(name)
        if place < 0:
            return f"it has no column {name}"
        if name in known.names and schema.field(place).type != known.field(name).type:
            return f"its column {name} is {schema.field(place).type}, not {known.field(name).type}"
    return ""


def counter(storage: Storage) -> Callable[[str, DataFile, Sequence[Choice]], Sequence[int]]:
    """Return what counts the rows of a file that choices take out, by reading the two columns of its keys."""

    def count(table: str, file: DataFile, choices: Sequence[Choice]) -> Sequence[int]:
        found = [0] * len(choices)
        for rows in batches(storage, table, file, KEYS):
            taken = pa.repeat(pa.scalar(value=False), rows.num_rows)
            for at, choice in enumerate(choices):
                mask = pc.and_not(choice.mask(rows), taken)
                found[at] += mask.true_count
                taken = pc.or_(taken, mask)
        return found

    return count


def remembered(
    count: Callable[[str, DataFile, Sequence[Choice]], Sequence[int]], known: Mapping[tuple[str, str], Any]
) -> Callable[[str, DataFile, Sequence[Choice]], Sequence[int]]:
    """Return a count that knows some files by table and path already; files never change."""

    def recall(table: str, file: DataFile, choices: Sequence[Choice]) -> Sequence[int]:
        held: Sequence[int] | None = known.get((table, file.path))
        return count(table, file, choices) if held is None else held

    return recall


def copy_rows(storage: Storage, table: str, file: DataFile, keep: Mask) -> list[FileReceipt]:
    """Write the rows of a file that a mask keeps into new files of the same partition, densely encoded.

    They are invisible until committed. Memory is that of one new file's rows, and of the old file as it lies
    in storage.

    Raises:
        DamagedFileError: If the file is not what was written.
    """
    receipts: list[FileReceipt] = []
    held: list[pa.RecordBatch] = []
    size = 0

    def write() -> None:
        if held:
            receipts.append(write_rows(storage, table, pa.Table.from_batches(held), file.partition))
            held.clear()

    for part in verified_rows(storage, table, [file]):
        for rows in part.to_batches(BATCH_ROWS):
            kept = rows.filter(keep(rows))
            if kept.num_rows:
                held.append(kept)
                size += kept.nbytes
            if size >= FILE_BYTES:
                write()
                size = 0
    write()
    return receipts
