"""Uncommitted files: those that vacuum may have taken before the commit that names them.

Vacuum leaves what nothing names for 24 h. A machine that sleeps between writing files and committing them
may wake up later than that, and another machine's vacuum was right to take them. So before a commit the
storage is asked for those that were written hours ago, and for those of which nobody knows when; as a rule
there are none, and nothing is asked. Ages are told by the wall clock, which goes on while a machine sleeps;
clocks that are wrong by minutes, or by hours, do no harm.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lake.errors import LakeError
from lake.receipts import FileReceipt
from lake.storage import Storage

ASKED_SECONDS = 6 * 3600.0
"""Files that are older are asked for; also those that seem to be written as long from now."""

_READERS = 8


class FilesTakenError(LakeError):
    """Files that a commit was to add are not there any more; it was not made."""

    def __init__(self, table: str, taken: int, files: int) -> None:
        super().__init__(table, taken, files)
        self.table, self.taken, self.files = table, taken, files

    def __str__(self) -> str:
        return (
            f"table {self.table}: {self.taken} of the {self.files} files that a commit was to add are gone: "
            "this machine slept, or stood still, for so long that vacuum took them; the commit was not made; "
            "run the same command again, or resume the sweep"
        )


def taken(storage: Storage, files: Sequence[FileReceipt]) -> list[FileReceipt]:
    """Return which of some files are gone, or have another size; one request for each that is old.

    Raises:
        LakeUnreachableError: If the storage does not answer.
    """
    old = [file for file in files if _may_be_taken(file)]
    if not old:
        return []
    with ThreadPoolExecutor(_READERS) as readers:
        sizes = readers.map(lambda file: storage.size(f"{file.table}/{file.path}"), old)
        return [file for file, size in zip(old, sizes, strict=True) if size != file.size_bytes]


def require_there(storage: Storage, table: str, files: Sequence[FileReceipt]) -> None:
    """Return if the files that a commit of a table adds are there.

    Raises:
        FilesTakenError: If they are not.
        LakeUnreachableError: If the storage does not answer.
    """
    gone = taken(storage, files)
    if gone:
        raise FilesTakenError(table, len(gone), len(files))


def _may_be_taken(file: FileReceipt) -> bool:
    return file.written_at is None or abs(time.time() - file.written_at) > ASKED_SECONDS
