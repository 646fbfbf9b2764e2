"""Translation: DuckDB's errors become ours, with the file that they are about."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import duckdb

from lake.errors import LakeError
from lake.known import ENDS_EARLY
from lake.snapshot import Snapshot, load_table
from lake.storage import Storage
from queries.errors import (
    CopyUnreadableError,
    FileLostError,
    FileUnreadableError,
    QueryError,
    QueryFailedError,
    SnapshotGoneError,
)
from queries.interruption import heard

T = TypeVar("T")
_DUCKDB_KIND = "Invalid Input Error: "
_IO_KIND = "IO Error: "
_MISSING = re.compile(r"No files found|No such file|not found", re.IGNORECASE)
_NOT_ALLOWED = re.compile(r"Cannot access (file|directory) .* disabled by configuration")
"""Of a file of the snapshot, by a confined instance: where it is not there, DuckDB looks beside it."""
_OF_COPY = re.compile(r"Corrupt database file|Could not read .*\.duckdb\"")
"""The copy on this machine is the only database that there is."""
_NO_METRIC = re.compile(
    r"\(column_name = (NULL|'(?P<name>.*)')\)\)\)\)\" resulted in an empty set of columns"
)
"""Of the macros that take a metric by its name."""
_RAISED_IN_PYTHON = re.compile(
    r"Traceback \(most recent call last\):.*\n(?P<last>(?!LINE \d)\w.*?)(?=\s*(?:\nLINE \d|\Z))", re.DOTALL
)
"""What a filesystem of ours raised, without the line of the query that DuckDB may show after it."""


@contextmanager
def translated(snapshot: Snapshot) -> Iterator[None]:
    """Turn DuckDB's errors into ours.

    Raises:
        FileLostError: If a file is missing that the newest version of its table has, too.
        SnapshotGoneError: If another file of the snapshot is missing.
        FileUnreadableError: If a file cannot be read.
        CopyUnreadableError: If the copy on this machine cannot.
        QueryFailedError: Else.
        KeyboardInterrupt: At Ctrl-C.
    """
    try:
        with heard():
            yield
    except duckdb.Error as error:
        raise _translation(snapshot, error, str(error)) from error


def streamed(snapshot: Snapshot, read: Callable[[], T]) -> T:
    """Return what a step of a stream of rows returns; Arrow hands on DuckDB's errors as the machine's.

    Raises:
        QueryError: As `translated`.
    """
    try:
        with translated(snapshot):
            return read()
    except OSError as error:
        if error.errno is not None:
            raise
        raise _translation(snapshot, error, str(error)) from error


def _translation(snapshot: Snapshot, error: Exception, told: str) -> QueryError:
    raised = _RAISED_IN_PYTHON.search(told)  # by the filesystem that reads an object store
    text = raised["last"] if raised else told
    is_io = isinstance(error, duckdb.IOException) or told.startswith(_IO_KIND)
    if (raised or is_io) and _MISSING.search(text):
        return missing_file(snapshot, text.split("\n", 1)[0])
    reason = text.split("\n", 1)[0]
    if _OF_COPY.search(reason):
        return CopyUnreadableError(reason)
    file = _named_file(snapshot, reason)
    if file and _NOT_ALLOWED.search(reason):
        return missing_file(snapshot, reason)
    is_cut = ENDS_EARLY in reason
    if is_cut or (raised is None and (file or type(error) is duckdb.Error)):  # Parquet errors give no name
        return FileUnreadableError(file, reason.removeprefix(_DUCKDB_KIND))
    if unknown := _NO_METRIC.search(reason):
        name = unknown["name"]
        missing = "NULL is no metric" if name is None else f'there is no metric "{name}"'
        return QueryFailedError(f"{missing}; the view metric_columns lists them")
    return QueryFailedError(text)


def _named_file(snapshot: Snapshot, text: str) -> str:
    """Return the file of a snapshot that a text names, relative to the lake's root; "" of none."""
    files = ((name, file.path) for name, table in snapshot.tables.items() for file in table.files)
    return next((f"{name}/{path}" for name, path in files if path in text), "")


def missing_file(snapshot: Snapshot, text: str) -> QueryError:
    """Return the error for a file that is not there, by whether the newest version of its table has it."""
    file = _named_file(snapshot, text)
    table, _, path = file.partition("/")
    if file and _is_current(snapshot.storage, table, path):
        return FileLostError(file)
    return SnapshotGoneError(text)


def _is_current(storage: Storage, table: str, path: str) -> bool:
    try:
        return any(file.path == path for file in load_table(storage, table).files)
    except LakeError:  # nothing can be said of the newest one
        return False
