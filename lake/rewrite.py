"""Rewriting: files of a plan as others that hold the same rows, sorted and dense; nothing is committed."""

import pyarrow as pa

from lake.compaction import CompactionSettings, Rewrite
from lake.dense import DenseFiles
from lake.errors import LakeError
from lake.receipts import FileReceipt
from lake.schemas import TABLES
from lake.sorting import Sorter
from lake.sources import verified_rows
from lake.storage import Storage
from lake.writer import conformed


class RowsLostError(LakeError):
    """A rewrite has another number of rows than its sources; it was not committed."""

    def __init__(self, table: str, read: int, written: int) -> None:
        super().__init__(table, read, written)
        self.table, self.read, self.written = table, read, written

    def __str__(self) -> str:
        return (
            f"table {self.table}: {self.read} rows were read and {self.written} written; "
            "nothing was changed, please report it"
        )


def rewritten(storage: Storage, rewrite: Rewrite, settings: CompactionSettings) -> tuple[FileReceipt, ...]:
    """Write the rows of a rewrite's sources into new files and return their receipts; nothing is committed.

    Raises:
        DamagedFileError: If a source is not what was written; nothing of it is passed on.
        RowsLostError: If rows were lost on the way, which is a defect.
    """
    spec = TABLES[rewrite.table]

    def arranged(rows: pa.Table) -> pa.Table:
        return conformed(spec, rows)

    files = DenseFiles(storage, rewrite.table, rewrite.partition, rewrite.rows, settings.target_bytes)
    with Sorter(spec.sort_by, settings.held_bytes, arranged) as sorter:
        for rows in verified_rows(storage, rewrite.table, rewrite.sources):
            sorter.add(rows)
        for piece in sorter.pieces():
            files.write(piece)
    receipts = files.finish()
    written = sum(receipt.rows for receipt in receipts)
    if written != rewrite.rows:
        raise RowsLostError(rewrite.table, rewrite.rows, written)
    return receipts
