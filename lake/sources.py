"""Sources: committed files that are read to be written anew; a damaged one is never passed on as fresh."""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq

from lake.errors import LakeError
from lake.layout import HASH_DIGITS, named_hash
from lake.snapshot import DataFile
from lake.storage import Storage

READERS = 4
_AHEAD = 2 * READERS
_AHEAD_BYTES = 32_000_000
_SMALL_ROWS = 5_000


class DamagedFileError(LakeError):
    """A committed file is gone, or is not what was written."""

    def __init__(self, table: str, path: str, reason: str) -> None:
        super().__init__(table, path, reason)
        self.table, self.path, self.reason = table, path, reason

    def __str__(self) -> str:
        return (
            f"file {self.path} of table {self.table} is damaged: {self.reason}; "
            "`sweeplake check --deep` tells which sweeps it touches, and what brings them back"
        )


def verified_rows(storage: Storage, table: str, files: Sequence[DataFile]) -> Iterator[pa.Table]:
    """Yield the rows of files, each held against the hash in its name and the row count in the log.

    Small files are fetched ahead. Rows come without the partition columns; memory is that of the bytes of a
    file, or of some small ones, and of their row groups.

    Raises:
        DamagedFileError: If a file is missing, or its bytes or rows are not those that were written.
    """
    waiting = deque(files)
    fetched: deque[tuple[int, Future[Iterator[pa.Table]]]] = deque()
    with ThreadPoolExecutor(READERS) as readers:
        while waiting or fetched:
            ahead = sum(size for size, _ in fetched)
            while waiting and (not fetched or ahead + waiting[0].size_bytes <= _AHEAD_BYTES):
                file = waiting.popleft()
                fetched.append((file.size_bytes, readers.submit(_open, storage, table, file)))
                ahead += file.size_bytes
                if len(fetched) == _AHEAD:
                    break
            yield from fetched.popleft()[1].result()


def verify(storage: Storage, table: str, files: Sequence[DataFile]) -> None:
    """Return if files are what was written; every byte of them is read, a few files at a time.

    Raises:
        DamagedFileError: If one is missing, or its bytes do not have the hash in its name.
    """
    with ThreadPoolExecutor(READERS) as readers:
        for _ in readers.map(lambda file: len(verified_bytes(storage, table, file)), files):
            pass


def verified_bytes(storage: Storage, table: str, file: DataFile) -> bytes:
    """Return the bytes of a file that are those that were written.

    Raises:
        DamagedFileError: If it is missing, or its bytes do not have the hash in its name.
        LakeUnreachableError: If the storage does not answer, or does not let it be read.
    """
    try:
        data = storage.read(f"{table}/{file.path}")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DamagedFileError(table, file.path, "it is not there") from error
    if hashlib.sha256(data).hexdigest()[:HASH_DIGITS] != named_hash(file.path):
        raise DamagedFileError(table, file.path, "its bytes do not have the hash in its name")
    return data


def _open(storage: Storage, table: str, file: DataFile) -> Iterator[pa.Table]:
    """Fetch and verify a file; a small one is decoded at once, a large one by row groups when asked."""
    data = verified_bytes(storage, table, file)
    stored = pq.ParquetFile(pa.BufferReader(data))
    if stored.metadata.num_rows != file.rows:
        reason = f"it has {stored.metadata.num_rows} rows, the log says {file.rows}"
        raise DamagedFileError(table, file.path, reason)
    if file.rows <= _SMALL_ROWS:
        return iter([stored.read(use_threads=False)])
    return (stored.read_row_group(place) for place in range(stored.num_row_groups))
