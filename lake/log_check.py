"""The log of a table held against itself: no gap, no cut entry, no second log at its place."""

import re
from collections.abc import Iterable, Iterator

from lake.checkpoints import flipped_checkpoints
from lake.findings import LOG, RIVAL, Finding
from lake.leftovers import is_temporary
from lake.log import LogDamagedError, LogFiles, entry_path, log_files, missing_text, read_entry
from lake.log_repair import bad_checkpoints
from lake.storage import Storage, StoredFile

_LOG_NAME = re.compile(
    r"(\d{20}\.(json|checkpoint\b.*\.parquet|crc|compacted\.json)|\d{20}\.\d{20}\.compacted\.json|_last_checkpoint"
    r"|_commits|\.tmp)"
)
_REPAIR = "`sweeplake check --repair` lets the log be read from its entries"
_CUT = (
    "`sweeplake check --repair --drop-damaged` takes the entry out, as if the commit had not been, and "
    "commits again what the journals of sweeps have"
)
_OLD_CUT = "restore it from a copy; later entries may follow from it, so that it cannot be taken out"
_BACKUP = "restore the folder from a copy; the log's state at its newest versions cannot be built any more"
_STRAY = "move it out of the lake; a table has one log, and nothing else lies in it"


def check_log(storage: Storage, table: str, *, deep: bool) -> list[Finding]:
    """Return what is wrong with the log of a table; [] also if there is no such table.

    Deep reads every entry that is left, else those since the newest checkpoint.
    """
    log = log_files(storage, table)
    if log.newest < 0:
        return []
    first = log.oldest if deep else max((log.oldest, *log.checkpoints))
    entries = [version for version in log.entries if version >= first]
    return [
        *_gaps(table, log, has_hint=_has_hint(storage, table)),
        *_cut_entries(storage, table, entries, log.newest),
        *(_flipped(storage, table) if deep else ()),
    ]


def _has_hint(storage: Storage, table: str) -> bool:
    return "_last_checkpoint" in storage.list(f"{table}/_delta_log")


def _gaps(table: str, log: LogFiles, *, has_hint: bool) -> Iterator[Finding]:
    folder = f"{table}/_delta_log"
    if log.oldest > log.newest:
        missing = log.missing or (0,)
        text = f"{missing_text(missing)}, and no checkpoint follows: the table cannot be read"
        yield Finding(LOG, table, entry_path(table, missing[-1]), (), text, _BACKUP)
    elif has_hint and not log.checkpoints:
        text = "its checkpoint is gone; every entry since version 0 is there"
        yield Finding(LOG, table, folder, (), text, _REPAIR)


def _flipped(storage: Storage, table: str) -> Iterator[Finding]:
    names = flipped_checkpoints(storage, table)
    bad = bad_checkpoints(storage, table) if names else None
    for name in names:
        file = f"{table}/_delta_log/{name}"
        text = "its bytes are not those that were written"
        yield Finding(LOG, table, file, (), text, _BACKUP if bad is None else _REPAIR)


def unreadable(storage: Storage, table: str, error: LogDamagedError) -> Finding:
    """Return what to tell of a log that cannot be read, and where nothing else is wrong with it."""
    bad = bad_checkpoints(storage, table)
    if bad is None:
        return Finding(LOG, table, error.file, (), error.reason, "restore it from a copy")
    since = "version 0" if bad.start < 0 else f"the checkpoint of version {bad.start}"
    text = f"its last checkpoint is gone or damaged; every entry since {since} is there"
    return Finding(LOG, table, next(iter(bad.files), error.file), (), text, _REPAIR)


def _cut_entries(storage: Storage, table: str, versions: Iterable[int], newest: int) -> Iterator[Finding]:
    for version in versions:
        try:
            read_entry(storage, table, version)
        except LogDamagedError as error:
            remedy = _CUT if version == newest else _OLD_CUT
            yield Finding(LOG, table, error.file, (), error.reason, remedy)


def check_strays(table: str, files: Iterable[StoredFile]) -> Iterator[Finding]:
    """Yield what lies in a table's folder and may be taken for another log of it.

    What a writer that died left half done is nothing to tell: readers skip it, and vacuum takes it away.
    """
    own = f"{table}/_delta_log/"
    logs = set()
    for file in files:
        if file.path.startswith(own):
            name = file.path.removeprefix(own).partition("/")[0]
            if not (_LOG_NAME.fullmatch(name) or is_temporary(name)):
                yield Finding(RIVAL, table, file.path, (), "it is no part of the table's log", _STRAY)
        elif "/_delta_log/" in file.path:
            logs.add(file.path.partition("/_delta_log/")[0])
    for place in sorted(logs):
        text = "another table lies inside this one"
        yield Finding(RIVAL, table, f"{place}/_delta_log", (), text, _STRAY)
