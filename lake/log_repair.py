"""Repair of a table's log: a checkpoint that is gone or damaged, an entry that is cut off."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lake.checkpoints import flipped_checkpoints, make_checkpoint
from lake.entry import encode_entry
from lake.log import (
    LogDamagedError,
    LogFiles,
    checkpoint_version,
    entry_path,
    log_files,
    made_name,
    raise_if_damaged,
    read_entry,
)
from lake.snapshot import asked, table_snapshot
from lake.storage import Storage

ASIDE = "_damaged"
"""Folder of the lake where what was taken out of a log is kept."""


@dataclass(frozen=True)
class BadCheckpoints:
    """Checkpoints without which the log of a table can be read, and with which it cannot.

    Attributes:
        start: Version from which every entry is there: that of a checkpoint that is whole, or -1.
        files: Newer checkpoints, relative to the lake's root; () if they are gone already.
    """

    start: int
    files: tuple[str, ...]


def bad_checkpoints(storage: Storage, table: str) -> BadCheckpoints | None:
    """Return what keeps a table from being opened, if an older checkpoint and the entries since are enough.

    None also if the table can be opened and its checkpoints are as they were written, or if it is not for
    these that it cannot.
    """
    log = log_files(storage, table)
    flipped = {checkpoint_version(name) for name in flipped_checkpoints(storage, table)}
    if log.newest < 0 or (not flipped and _opens(storage, table, None)):
        return None
    starts = (start for start in _starts(log) if start not in flipped)
    start = next((start for start in starts if start < 0 or _opens(storage, table, start)), None)
    if start is None:
        return None
    folder = f"{table}/_delta_log"
    named = ((name, checkpoint_version(name)) for name in storage.list(folder))
    files = tuple(f"{folder}/{name}" for name, version in named if version is not None and version > start)
    told = _hinted(storage, table)
    is_hint_bad = told is not None and (told > start or told not in log.checkpoints)
    return BadCheckpoints(start, files) if files or is_hint_bad else None


def restore_checkpoint(storage: Storage, table: str) -> bool:
    """Make a new checkpoint where the last one is gone or damaged and can be done without.

    Damaged ones are kept in `_damaged/`. Safe to repeat and beside writers: the log says the same with a
    checkpoint and without.

    Returns:
        Whether it was so.
    """
    bad = bad_checkpoints(storage, table)
    if bad is None:
        return False
    for path in bad.files:
        storage.put(f"{ASIDE}/{path}", storage.read(path))
    storage.delete([_hint(table), *bad.files])
    if _opens(storage, table, None):  # else an entry is cut off, too
        handle = DeltaTable(storage.uri(table), storage_options=storage.delta_options)
        make_checkpoint(storage, table, handle)
    return True


def _starts(log: LogFiles) -> Iterator[int]:
    """Yield the checkpoints after which every entry is there, the newest first, and -1 if all entries are."""
    entries = set(log.entries)
    for start in (*reversed(log.checkpoints), -1):
        if entries.issuperset(range(start + 1, log.newest + 1)):
            yield start


def _opens(storage: Storage, table: str, version: int | None) -> bool:
    """Say whether the log has what a version of a table needs, its files and all; None is the newest.

    Raises:
        LakeUnreachableError: If the storage does not answer.
    """
    options = storage.delta_options

    def opened() -> bool:
        try:
            table_snapshot(table, DeltaTable(storage.uri(table), version=version, storage_options=options))
        except DeltaError as error:
            raise_if_damaged(storage, table, error)
            raise
        return True

    try:
        return asked(storage, opened)
    except (LogDamagedError, ValueError, pa.ArrowException):
        return False


def _hint(table: str) -> str:
    return f"{table}/_delta_log/_last_checkpoint"


def _hinted(storage: Storage, table: str) -> int | None:
    """Return the checkpoint that the log says is its last; None if it says nothing that can be read."""
    data = storage.read_if_there(_hint(table))
    try:
        return None if data is None else int(json.loads(data)["version"])
    except (ValueError, KeyError, TypeError):
        return None


def set_aside_cut_entry(storage: Storage, table: str) -> str:
    """Put a commit of nothing in the place of a log's newest entry if that is cut off.

    What is left of it is kept in `_damaged/`. A sweep whose commit it was has it in its journal still, and
    `resume` commits it again. The number stays taken, for writers count on that (`head`); only a first entry
    goes altogether, and the table with it. Older entries stay: later ones may follow from them.

    Returns:
        Where it was; "" if the newest entry is whole.
    """
    log = log_files(storage, table)
    if not log.entries or log.entries[-1] != log.newest:
        return ""
    path = entry_path(table, log.newest)
    try:
        read_entry(storage, table, log.newest)
    except LogDamagedError:
        storage.put(f"{ASIDE}/{path}", storage.read(path))
        if log.newest == 0:
            storage.delete([made_name(table)])  # first: without its entry the table is new again
            storage.delete([path])
        else:
            storage.put(path, encode_entry([], [], {}, "repair: a cut entry set aside"))
        return path
    return ""
