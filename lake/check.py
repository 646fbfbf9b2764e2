"""Check: a lake held against its own word, file by file; what its rows say is asked in `queries.check`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lake.apart import FILES_AT_ONCE
from lake.away import READ_ERRORS, raise_if_away
from lake.claims import Claim, claims
from lake.file_check import Held, Problem, check_apart, check_file
from lake.findings import (
    DAMAGED,
    LOG,
    LOST_FILES,
    MISSING,
    STATISTICS,
    Finding,
    lost_remedy,
    repair_command,
)
from lake.history import stored_paths
from lake.instant import Instant
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake
from lake.log import LogDamagedError
from lake.log_check import check_log, check_strays, unreadable
from lake.misnamed import misnamed
from lake.schemas import TABLES
from lake.snapshot import (
    DataFile,
    Snapshot,
    TableSnapshot,
    absent,
    delta_table,
    table_snapshot,
    taken_out_since,
)
from lake.sources import DamagedFileError
from lake.storage import Storage

_THREADS = 4
_PARTITION_REMEDY = "move it to the folder that the log tells, or restore the lake from a copy"


@dataclass(frozen=True)
class Checked:
    """A lake whose files were checked.

    Attributes:
        findings: What is wrong with files and logs.
        visible: The snapshot.
        sound: The snapshot without the files that are missing or damaged, and without tables that have no log
            to read: what the rows can be asked of.
        lost: The files that were left out, by table.
        wrong: The files whose statistics are wrong, by table.
        blind: Tables whose log cannot be read: nothing can be said of their rows, nor of others by them.
        sweeps: The sweeps.
        files: How many files were checked.
        bytes: Their size.
    """

    findings: tuple[Finding, ...]
    visible: Snapshot
    sound: Snapshot
    lost: Mapping[str, Sequence[DataFile]]
    wrong: Mapping[str, Sequence[DataFile]]
    blind: tuple[str, ...]
    sweeps: KnownSweeps
    files: int
    bytes: int

    @property
    def touched(self) -> frozenset[str]:
        """Sweeps that lost files may have rows of."""
        return self._touched(TABLES)

    @property
    def halved(self) -> frozenset[str]:
        """Sweeps of which rows may be gone with lost files, so that what else they say follows from that."""
        return self._touched([table for table in TABLES if table != "bars"])

    def _touched(self, tables: Collection[str]) -> frozenset[str]:
        lost = ((table, file) for table in tables for file in self.lost.get(table, ()))
        return frozenset(sweep for table, file in lost for sweep in self.sweeps.touched(table, file))


@dataclass(frozen=True)
class _Table:
    """What was found in one table."""

    snapshot: TableSnapshot
    claims: Sequence[Claim]
    findings: Sequence[Finding]
    blind: bool = False


def check_files(lake: Lake, *, deep: bool = False) -> Checked:
    """Check the logs and every committed file of a lake, at its newest version; nothing is changed.

    Reads the log, lists every folder once and reads the files' footers; deep reads every byte. Memory is that
    of the log, and of a few files.

    Raises:
        LakeUnreachableError: If the storage does not answer: then nothing can be said of its files.
        CheckFailedError: If the process that reads footers could not do it.
    """
    storage = lake.storage
    tables = _tables(storage, deep=deep)
    snapshot = Snapshot(storage, {name: table.snapshot for name, table in tables.items()})
    problems: dict[str, list[tuple[Claim, str, str]]] = {name: [] for name in TABLES}
    for name, claim, kind, text in _problems(storage, tables, deep=deep):
        problems[name].append((claim, kind, text))
    findings = [finding for table in tables.values() for finding in table.findings]
    wrongly_named = _misnamed(snapshot, problems)
    findings += wrongly_named
    blind = {name for name, table in tables.items() if table.blind} | {found.table for found in wrongly_named}
    lost = {name: _files(problems[name], LOST_FILES) for name in TABLES}
    sound = {name: without(snapshot[name], lost[name]) for name in TABLES}
    sweeps = _known(Snapshot(storage, sound))
    journals = _journals(storage)
    for name, found in problems.items():
        for claim, kind, text in found:
            touched = sweeps.touched(name, claim.file)
            remedy = _remedy(name, kind, touched, deep=deep, journals=journals)
            findings.append(Finding(kind, name, f"{name}/{claim.file.path}", touched, text, remedy))
    files = [file for table in snapshot.tables.values() for file in table.files]
    size = sum(file.size_bytes for file in files)
    return Checked(
        findings=tuple(findings),
        visible=snapshot,
        sound=Snapshot(storage, sound),
        lost=lost,
        wrong={name: _files(problems[name], (STATISTICS,)) for name in TABLES},
        blind=tuple(sorted(blind)),
        sweeps=sweeps,
        files=len(files),
        bytes=size,
    )


def _misnamed(snapshot: Snapshot, problems: dict[str, list[tuple[Claim, str, str]]]) -> list[Finding]:
    """Return what is missing by an error of a log alone, and take it off the problems."""
    findings = list[Finding]()
    for name, found in problems.items():
        missing = [claim.file.path for claim, kind, _ in found if kind == MISSING]
        held = misnamed(snapshot.storage, snapshot[name], missing)
        files = {finding.file for finding in held}
        problems[name] = [problem for problem in found if f"{name}/{problem[0].file.path}" not in files]
        findings += held
    return findings


def damage_found(lake: Lake, checked: Checked, error: DamagedFileError) -> Finding:
    """Return what to tell of a file that was found to be damaged when it was to be written anew."""
    files = [file for file in checked.visible[error.table].files if file.path == error.path]
    touched = tuple(sorted({sweep for file in files for sweep in checked.sweeps.touched(error.table, file)}))
    remedy = lost_remedy(error.table, touched, deep=True, journals=_journals(lake.storage))
    return Finding(DAMAGED, error.table, f"{error.table}/{error.path}", touched, error.reason, remedy)


def _journals(storage: Storage) -> set[str]:
    """Return the sweeps whose journal tells of blocks."""
    stored = (file.path.split("/") for file in storage.walk("_sweeps"))
    return {sweep for _, sweep, name, *_ in stored if name.startswith("batch-")}


def _remedy(table: str, kind: str, touched: tuple[str, ...], *, deep: bool, journals: Collection[str]) -> str:
    if kind in LOST_FILES:
        return lost_remedy(table, touched, deep=deep, journals=journals)
    if kind == STATISTICS:
        return f"{repair_command(deep=deep, drop=False)} writes the right ones"
    return _PARTITION_REMEDY


def _files(problems: Sequence[tuple[Claim, str, str]], kinds: Sequence[str]) -> list[DataFile]:
    return [claim.file for claim, kind, _ in problems if kind in kinds]


def without(table: TableSnapshot, files: Sequence[DataFile]) -> TableSnapshot:
    """Return a table without some of its files."""
    gone = {file.path for file in files}
    kept = tuple(file for file in table.files if file.path not in gone)
    return TableSnapshot(table.name, table.version, table.schema, kept)


def _tables(storage: Storage, *, deep: bool) -> dict[str, _Table]:
    """Return all tables as of one moment, as `Lake.snapshot` does: again if rows were taken out meanwhile."""
    first = ("sweeps", "details")
    names = (*first, *(name for name in TABLES if name not in first))
    while True:
        since = Instant.now()
        tables = {name: _table(storage, name, deep=deep) for name in names}
        if not _is_outdated(storage, tables["details"], since):
            return {name: tables[name] for name in TABLES}


def _is_outdated(storage: Storage, details: _Table, since: Instant) -> bool:
    """Return whether rows were taken out of `details` since it was read; False if its log cannot be."""
    try:
        return not details.blind and taken_out_since(storage, details.snapshot, since)
    except LogDamagedError:
        return False


def _table(storage: Storage, name: str, *, deep: bool) -> _Table:
    findings = check_log(storage, name, deep=deep)
    findings += check_strays(name, storage.walk(name))
    try:
        handle = delta_table(storage, name)
    except LogDamagedError as error:
        if not any(finding.kind == LOG for finding in findings):
            findings.append(unreadable(storage, name, error))
        return _Table(absent(name), (), findings, blind=True)
    if handle is None:
        return _Table(absent(name), (), findings)
    snapshot = table_snapshot(name, handle)
    return _Table(snapshot, claims(snapshot.files, handle), findings)


def _known(snapshot: Snapshot) -> KnownSweeps:
    """Return the sweeps; none if a file of theirs is damaged, which is a finding by itself.

    Raises:
        LakeUnreachableError: If the storage does not answer.
    """
    try:
        return KnownSweeps.of(snapshot)
    except READ_ERRORS as error:
        raise_if_away(snapshot.storage, error)
        return KnownSweeps()


def _problems(
    storage: Storage, tables: Mapping[str, _Table], *, deep: bool
) -> Iterator[tuple[str, Claim, str, str]]:
    """Yield what is wrong with files, in order, some files at once."""
    held: list[Held] = []
    for name, table in tables.items():
        sizes = stored_paths(storage, name) if table.claims else {}
        held += [(name, claim, sizes.get(claim.file.path)) for claim in table.claims]
    for start in range(0, len(held), FILES_AT_ONCE):
        part = held[start : start + FILES_AT_ONCE]
        found = _deeply(storage, part) if deep else check_apart(storage, part)
        for (name, claim, _), problems in zip(part, found, strict=True):
            for kind, text in problems:
                yield name, claim, kind, text


def _deeply(storage: Storage, held: Sequence[Held]) -> list[list[Problem]]:
    """Read every byte; only bytes that hash to what they were are parsed, and these are safe to read here."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda item: check_file(storage, *item, deep=True), held))
