"""Leftovers: which of the lake's files nobody needs any more, judged by their names and ages. Pure.

Only what sweeplake or Delta named is ever a leftover: a file that somebody else put into the lake stays.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lake.lost import is_open
from lake.storage import StoredFile

LOG_FOLDER = "_delta_log"
SWEEPS_FOLDER = "_sweeps"
_DATA = re.compile(r"[0-9a-f]{8}-[0-9a-f]{32}-(dense-)?[0-9a-f]{32}\.parquet")
_TEMPORARY = re.compile(
    r"_.+\.[0-9a-f]{32}|_probe-[0-9a-f]{32}"  # of `disk.py`; the others are of delta-rs
    r"|_commit_[0-9a-f-]+\.json\.tmp|(\d{20}\.(json|checkpoint\b.*\.parquet)|_last_checkpoint)#\d+"
)
_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet")
_LOG_FILE = re.compile(r"(\d{20})\.(json|crc|checkpoint\b.*\.parquet)")


class Kind(StrEnum):
    """What a leftover is."""

    DATA = "data"
    TEMPORARY = "temporary"
    JOURNAL = "journal"
    LOG = "log"


@dataclass(frozen=True)
class Leftover:
    """One file that can go.

    Attributes:
        path: Path relative to the lake.
        kind: What it is.
        size_bytes: Its size.
    """

    path: str
    kind: Kind
    size_bytes: int

    @property
    def names_owner(self) -> bool:
        """Whether it tells who owned an epoch of a sweep."""
        return self.kind is Kind.JOURNAL and _name(self.path).startswith("owner-")


def old_data(stored: Iterable[StoredFile], before: datetime) -> list[StoredFile]:
    """Return the data files that are old enough to go, if nobody needs them."""
    return [file for file in stored if file.modified_at < before and _DATA.fullmatch(_name(file.path))]


def unneeded(old: Iterable[StoredFile], needed: Mapping[str, Collection[str]]) -> list[Leftover]:
    """Return the data files that nobody needs.

    Args:
        old: Data files, of any table.
        needed: By table, the paths relative to it that must stay. Of a table that is not in it all stay.
    """
    found = []
    for file in old:
        table, _, path = file.path.partition("/")
        if table in needed and path not in needed[table]:
            found.append(Leftover(file.path, Kind.DATA, file.size_bytes))
    return found


def old_temporaries(stored: Iterable[StoredFile], before: datetime) -> list[Leftover]:
    """Return what writers that died left half done."""
    return [
        Leftover(file.path, Kind.TEMPORARY, file.size_bytes)
        for file in stored
        if file.modified_at < before and is_temporary(file.path)
    ]


def is_temporary(path: str) -> bool:
    """Return whether a name is one that only what is half done has."""
    return _TEMPORARY.fullmatch(_name(path)) is not None


def old_journals(
    stored: Iterable[StoredFile], ended: Collection[str], removed: Collection[str], before: datetime
) -> list[Leftover]:
    """Return the journals of ended sweeps in which nothing was written since; each goes whole or stays.

    One that names lost blocks stays until they are computed again, for `resume` does that from it, or until
    the sweep is `removed`.
    """
    folders: dict[str, list[StoredFile]] = defaultdict(list)
    for file in stored:
        folders[file.path.split("/")[1]].append(file)
    return [
        Leftover(file.path, Kind.JOURNAL, file.size_bytes)
        for sweep_id, files in sorted(folders.items())
        if sweep_id in ended
        and all(file.modified_at < before for file in files)
        and (sweep_id in removed or not _has_losses({file.path for file in files}))
        for file in files
    ]


def _has_losses(paths: set[str]) -> bool:
    return any(is_open(path, paths) for path in paths)


def old_log(
    stored: Iterable[StoredFile], before: datetime, followed: int | None = None
) -> tuple[int, list[Leftover]]:
    """Return the files of a table's log that only versions from before a time need, the oldest first.

    The newest whole checkpoint that is older than that stays with its entry, and all after it: every version
    that was current since can still be built.

    Args:
        stored: The files of the log.
        before: The time.
        followed: A version from which on every entry has to stay; None for none.

    Returns:
        The version of that checkpoint, and the files; version 0 and none if there is no such checkpoint.
    """
    numbered = [(file, found) for file in stored if (found := _LOG_FILE.fullmatch(_name(file.path)))]
    old_entries = {
        int(found[1])
        for file, _ in numbered
        if (found := _ENTRY.fullmatch(_name(file.path))) and file.modified_at < before
    }
    starts = old_entries & _checkpoints(file for file, _ in numbered)
    start = max((start for start in starts if followed is None or start <= followed), default=0)
    return start, [
        Leftover(file.path, Kind.LOG, file.size_bytes)
        for file, found in sorted(numbered, key=lambda pair: pair[0].path)
        if int(found[1]) < start
    ]


def _checkpoints(stored: Iterable[StoredFile]) -> set[int]:
    """Return the versions of the checkpoints of which every part is there; delta-rs passes empty ones by."""
    parts: dict[tuple[int, int], set[int]] = defaultdict(set)
    for file in stored:
        found = _CHECKPOINT.fullmatch(_name(file.path))
        if found and file.size_bytes:
            parts[int(found[1]), int(found[3] or 1)].add(int(found[2] or 1))
    return {version for (version, count), there in parts.items() if there >= set(range(1, count + 1))}


def first_since(stored: Iterable[StoredFile], before: datetime) -> int:
    """Return the first version that was committed since a time, as a listing of a table's log tells it."""
    entries = {
        int(found[1]): file.modified_at for file in stored if (found := _ENTRY.fullmatch(_name(file.path)))
    }
    newest = max(entries, default=-1)
    return min((version for version, at in entries.items() if at >= before), default=newest + 1)


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
