"""Vacuum: deletes the files that no version of a table younger than an age needs.

What is needed is read after what lies there, and sweeps' journals before the tables' logs: a file that is on
its way from a journal into a log meanwhile is found in one of them.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from lake.clock import store_time
from lake.errors import LakeError
from lake.head import SETTLED_SECONDS
from lake.journal import Journal
from lake.lake import Lake
from lake.leftovers import (
    LOG_FOLDER,
    SWEEPS_FOLDER,
    Leftover,
    entries_from,
    first_since,
    old_data,
    old_journals,
    old_log,
    old_temporaries,
    unneeded,
)
from lake.schemas import COMMIT_ORDER, TABLES
from lake.snapshot import ABSENT, delta_table, load_table
from lake.storage import Storage, StoredFile
from lake.sweep_log import FINISHED, FINISHED_WITH_FAILURES, REMOVED
from lake.unsettled import behind

SAFE_AGE = timedelta(hours=24)
LOG_AGE = timedelta(seconds=2 * SETTLED_SECONDS)
"""No entry of a log goes that is younger, whatever the age: writers count on it (`lake.head`)."""
"""Below this, files may go that a running sweep wrote and has not committed, or that an open reader reads."""

_DELETED_AT_ONCE = 1000
_READERS = 8


class UnsafeAgeError(LakeError):
    """A vacuum age under which files that are in use may go."""

    def __init__(self, hours: float) -> None:
        super().__init__(hours)
        self.hours = hours

    def __str__(self) -> str:
        safe = SAFE_AGE / timedelta(hours=1)
        return (
            f"an age of {self.hours:g} h is below {safe:g} h: files that running sweeps have not committed, "
            "and those that open readers read, may go; give a higher age, or --force if nobody uses the lake"
        )


@dataclass(frozen=True)
class VacuumPlan:
    """What can go.

    Attributes:
        before: Only what was not needed since then, by the store's clock.
        leftovers: The files.
    """

    before: datetime
    leftovers: tuple[Leftover, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes that are freed."""
        return sum(leftover.size_bytes for leftover in self.leftovers)


def vacuum_plan(lake: Lake, age: timedelta = SAFE_AGE, *, force: bool = False) -> VacuumPlan:
    """Return what nobody needed for an age; nothing is deleted.

    Needed are the files of every version that was current since, those of batches that a sweep put down and
    has not committed, and the bars that a sweep read. A file that is younger always stays.

    Args:
        lake: The lake.
        age: How long a file was not needed.
        force: Whether an age below `SAFE_AGE` is meant.

    Raises:
        UnsafeAgeError: If the age is lower, and not forced.
    """
    if age < SAFE_AGE and not force:
        raise UnsafeAgeError(age / timedelta(hours=1))
    storage = lake.storage
    now = store_time(storage)
    before = now - age
    tables = {name: list(storage.walk(name)) for name in TABLES}
    stored = [file for files in tables.values() for file in files]
    journals = list(storage.walk(SWEEPS_FOLDER))
    ended = _ended(lake)
    needed = _needed(lake, tables, old_data(stored, before), before, ended)
    leftovers = [
        *unneeded(old_data(stored, before), needed),
        *old_temporaries([*stored, *journals, *_at_the_root(storage)], before),
        *old_journals(journals, ended, before),
    ]
    for name, files in tables.items():
        leftovers += old_log(_log(name, files), min(before, now - LOG_AGE))
    return VacuumPlan(before, tuple({leftover.path: leftover for leftover in leftovers}.values()))


def vacuum(lake: Lake, plan: VacuumPlan) -> Iterator[int]:
    """Delete what a fresh plan names and yield how many files are gone so far; safe to repeat."""
    paths = [leftover.path for leftover in plan.leftovers]
    for start in range(0, len(paths), _DELETED_AT_ONCE):
        chosen = paths[start : start + _DELETED_AT_ONCE]
        lake.storage.delete(chosen)
        yield start + len(chosen)


def _needed(
    lake: Lake,
    tables: dict[str, list[StoredFile]],
    old: Sequence[StoredFile],
    before: datetime,
    ended: Collection[str],
) -> dict[str, set[str]]:
    """Return, of the tables that have old files, the paths that must stay."""
    asked = {file.path.partition("/")[0] for file in old}
    needed: dict[str, set[str]] = {name: set() for name in asked}
    for table, path in _unfinished(lake, ended):
        needed.setdefault(table, set()).add(path)
    if "bars" in asked:
        needed["bars"] |= _read_by_sweeps(lake)
    for name in asked:
        current = load_table(lake.storage, name)
        if current.version == ABSENT:  # without its log nobody can tell what is needed
            del needed[name]
            continue
        needed[name] |= {file.path for file in current.files}
        needed[name] |= _named_since(lake.storage, name, _log(name, tables[name]), before)
    return needed


def _named_since(storage: Storage, table: str, log: Sequence[StoredFile], before: datetime) -> set[str]:
    """Return the files that commits since a time added or removed, also those that came after the listing."""
    first = first_since(log, before)
    folder = f"{table}/{LOG_FOLDER}"
    names = [f"{folder}/{name}" for name in entries_from(storage.list(folder), first)]
    with ThreadPoolExecutor(_READERS) as readers:
        return {path for data in readers.map(storage.read, names) for path in _paths(data)}


def _paths(entry: bytes) -> Iterator[str]:
    for line in entry.splitlines():
        action = json.loads(line)
        for kind in ("add", "remove"):
            if kind in action:
                yield unquote(action[kind]["path"])


def _unfinished(lake: Lake, ended: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield table and path of every file that a journal names and its table has not committed."""
    handles = {name: delta_table(lake.storage, name) for name in COMMIT_ORDER}
    for sweep_id in lake.storage.list(SWEEPS_FOLDER):
        if sweep_id in ended:
            continue
        steps = {name: handle.transaction_version(sweep_id) for name, handle in handles.items() if handle}
        for batch in Journal(lake, sweep_id).batches():
            for file in batch.files:
                if (steps.get(file.table) or 0) < batch.step:
                    yield file.table, file.path


def _ended(lake: Lake) -> set[str]:
    """Return the sweeps that have nothing left to resume: what they put down is committed."""
    held = set(lake.storage.list(SWEEPS_FOLDER))
    return {
        sweep_id
        for sweep_id, state in _newest_states(lake, ["status"]).items()
        if state["status"] == REMOVED
        or (
            state["status"] in {FINISHED, FINISHED_WITH_FAILURES}
            and not (sweep_id in held and behind(lake, sweep_id))
        )
    }


def _read_by_sweeps(lake: Lake) -> set[str]:
    """Return the files of bars that sweeps read which were not removed."""
    return {
        path
        for state in _newest_states(lake, ["status", "bars"]).values()
        if state["status"] != REMOVED and state["bars"]
        for symbol in json.loads(state["bars"]).values()
        for path in symbol["files"]
    }


def _newest_states(lake: Lake, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = lake.snapshot(["sweeps"]).read("sweeps", columns=["sweep_id", "at", *columns])
    return {row["sweep_id"]: row for row in rows.sort_by("at").to_pylist()}


def _log(table: str, files: Iterable[StoredFile]) -> list[StoredFile]:
    return [file for file in files if file.path.startswith(f"{table}/{LOG_FOLDER}/")]


def _at_the_root(storage: Storage) -> Iterator[StoredFile]:
    for name in storage.list(""):
        size, at = storage.size(name), storage.modified(name)
        if size is not None and at is not None:
            yield StoredFile(name, size, at)
