"""Vacuum: deletes the files that no version of a table younger than an age needs.

What is needed is read after what lies there, and sweeps' journals before the tables' logs: a file that is on
its way from a journal into a log meanwhile is found in one of them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from lake.checkpoints import HASH_BYTES, old_hashes
from lake.clock import store_time
from lake.errors import LakeError
from lake.head import SETTLED_SECONDS
from lake.lake import Lake
from lake.leftovers import (
    LOG_FOLDER,
    SWEEPS_FOLDER,
    Kind,
    Leftover,
    first_since,
    is_temporary,
    old_data,
    old_journals,
    old_log,
    old_temporaries,
    unneeded,
)
from lake.log import entry_path, log_files, read_actions
from lake.needed import (
    READERS,
    ended_sweeps,
    followed_from,
    read_by_sweeps,
    taken_and_pending,
    unfinished_files,
)
from lake.removal_log import forget_removals, named_sweeps
from lake.schemas import TABLES
from lake.snapshot import ABSENT, asked, load_table, table_snapshot
from lake.storage import Storage, StoredFile

SAFE_AGE = timedelta(hours=24)
"""Below this, files may go that a running sweep wrote and has not committed, or that an open reader reads."""
LOG_AGE = timedelta(seconds=2 * SETTLED_SECONDS)
"""No entry of a log goes that is younger, whatever the age: writers count on it (`lake.head`)."""

_DELETED_AT_ONCE = 1000


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
        removals_before: Removals that ended and were planned before then are forgotten: their files are gone.
        versions: Version of each table that has files to lose, as it was planned on.
        logs_kept: Tables whose log stays whole, as its checkpoint cannot be read, each with the reason.
    """

    before: datetime
    leftovers: tuple[Leftover, ...]
    removals_before: datetime
    versions: Mapping[str, int] = field(default_factory=dict)
    logs_kept: tuple[tuple[str, str], ...] = ()

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
        LogDamagedError: If an entry that tells what is needed is not whole.
    """
    if age < SAFE_AGE and not force:
        raise UnsafeAgeError(age / timedelta(hours=1))
    storage = lake.storage
    now = store_time(storage)
    before = now - age
    tables = {name: list(storage.walk(name)) for name in TABLES}
    stored = [file for files in tables.values() for file in files]
    journals = list(storage.walk(SWEEPS_FOLDER))
    sweeps = {_sweep_of(file.path) for file in journals}
    ended, removed = ended_sweeps(lake, sweeps)
    ended -= named_sweeps(lake)  # an undo may bring them back
    needed, versions = _needed(lake, tables, old_data(stored, before), before, sweeps - ended - removed)
    leftovers = [
        *unneeded(old_data(stored, before), needed),
        *old_temporaries([*stored, *journals, *_at_the_root(storage)], before),
        *old_journals(journals, ended, removed, before),
    ]
    kept, followed = [], followed_from(lake)
    for name, files in tables.items():
        start, old = old_log(_log(name, files), min(before, now - LOG_AGE), followed.get(name))
        reason = _unopened(storage, name, start) if old else None
        if reason is None:
            hashes = old_hashes(storage, name, start)
            leftovers += [*old, *(Leftover(path, Kind.LOG, HASH_BYTES) for path in hashes)]
        else:
            kept.append((name, reason))
    unique = {leftover.path: leftover for leftover in leftovers}
    return VacuumPlan(before, tuple(unique.values()), before - age, versions, tuple(kept))


def vacuum(lake: Lake, plan: VacuumPlan) -> Iterator[int]:
    """Delete what a fresh plan names and yield how many files are gone so far; safe to repeat.

    Before each request it looks what came into the tables' logs since the plan, and spares the files that are
    named again there, and journals of sweeps that an undo brought back. A commit that names an old file while
    a request is on its way is not seen; `undo` makes none of a file that a plan of `SAFE_AGE` may have.

    Of journals the owners' files go first, in requests of their own: what is left of one that was not deleted
    to its end is known as that. Last of all, removals are forgotten whose files went by then.
    """
    gone = 0
    for chosen in _requests(plan):
        spared = _spared(lake, plan, chosen)
        paths = [leftover.path for leftover in chosen if leftover.path not in spared]
        lake.storage.delete(paths)
        gone += len(paths)
        yield gone
    forget_removals(lake, plan.removals_before)


def _spared(lake: Lake, plan: VacuumPlan, chosen: Sequence[Leftover]) -> set[str]:
    """Return which of some leftovers are needed again."""
    storage = lake.storage
    spared = set[str]()
    for table in {leftover.path.partition("/")[0] for leftover in chosen if leftover.kind is Kind.DATA}:
        known = plan.versions[table]
        versions = log_files(storage, table).since(known + 1)
        if versions != list(range(known + 1, known + 1 + len(versions))):  # cleaned meanwhile: who knows
            spared |= {leftover.path for leftover in chosen}
        for version in versions:
            spared |= {f"{table}/{path}" for path in _named(storage, table, version)}
        if table == "bars":
            files = {leftover.path.removeprefix("bars/") for leftover in chosen}
            spared |= {f"{table}/{path}" for path in read_by_sweeps(lake, files)}
    journals = {
        leftover.path: _sweep_of(leftover.path) for leftover in chosen if leftover.kind is Kind.JOURNAL
    }
    ended = ended_sweeps(lake, set(journals.values()))[0] - named_sweeps(lake) if journals else set()
    return spared | {path for path, sweep_id in journals.items() if sweep_id not in ended}


def _requests(plan: VacuumPlan) -> Iterator[list[Leftover]]:
    """Yield what goes, so many files a request."""
    owners = [leftover for leftover in plan.leftovers if leftover.names_owner]
    others = [leftover for leftover in plan.leftovers if not leftover.names_owner]
    for held in (owners, others):
        for start in range(0, len(held), _DELETED_AT_ONCE):
            yield held[start : start + _DELETED_AT_ONCE]


def _needed(
    lake: Lake,
    tables: dict[str, list[StoredFile]],
    old: Sequence[StoredFile],
    before: datetime,
    unended: Collection[str],
) -> tuple[dict[str, set[str]], dict[str, int]]:
    """Return, of the tables that have old files, the paths that must stay, and the versions that tell it."""
    asked = {file.path.partition("/")[0] for file in old}
    needed: dict[str, set[str]] = {name: set() for name in asked}
    versions: dict[str, int] = {}
    for table, path in unfinished_files(lake, unended):
        needed.setdefault(table, set()).add(path)
    for table, path in taken_and_pending(lake):
        needed.setdefault(table, set()).add(path)
    if "bars" in asked:
        bars = {file.path.removeprefix("bars/") for file in old if file.path.startswith("bars/")}
        needed["bars"] |= read_by_sweeps(lake, bars)
    for name in asked:
        current = load_table(lake.storage, name)
        if current.version == ABSENT:  # without its log nobody can tell what is needed
            del needed[name]
            continue
        versions[name] = current.version
        needed[name] |= {file.path for file in current.files}
        needed[name] |= _named_since(lake.storage, name, _log(name, tables[name]), before)
    return needed, versions


def _unopened(storage: Storage, table: str, version: int) -> str | None:
    """Return why a table cannot be opened at a version; None if it can, its files and all."""
    options = storage.delta_options

    def files() -> None:
        table_snapshot(table, DeltaTable(storage.uri(table), version=version, storage_options=options))

    try:
        asked(storage, files)
    except (LakeError, ValueError, pa.ArrowException) as error:
        return str(error).partition("\n")[0]
    return None


def _named_since(storage: Storage, table: str, log: Sequence[StoredFile], before: datetime) -> set[str]:
    """Return the files that commits since a time added or removed, also those that came after the listing."""
    first = first_since(log, before)
    versions = log_files(storage, table).since(first)
    with ThreadPoolExecutor(READERS) as readers:
        return set[str]().union(*readers.map(lambda version: _named(storage, table, version), versions))


def _named(storage: Storage, table: str, version: int) -> set[str]:
    """Return the files that one commit added or removed."""
    actions = read_actions(table, version, storage.read(entry_path(table, version)))
    files = (action[kind] for action in actions for kind in ("add", "remove") if kind in action)
    return {unquote(file["path"]) for file in files}


def _sweep_of(path: str) -> str:
    return path.split("/")[1]


def _log(table: str, files: Iterable[StoredFile]) -> list[StoredFile]:
    return [file for file in files if file.path.startswith(f"{table}/{LOG_FOLDER}/")]


def _at_the_root(storage: Storage) -> Iterator[StoredFile]:
    """Yield what dead writers left beside the tables; of the folders there nothing is asked."""
    for name in filter(is_temporary, storage.list("")):
        size, at = storage.size(name), storage.modified(name)
        if size is not None and at is not None:
            yield StoredFile(name, size, at)
