"""Stored tables: one view in schema `stored` per table of a snapshot, over exactly its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.parquet as pq

from lake.away import READ_ERRORS, raise_if_away
from lake.schemas import TABLES
from lake.snapshot import DataFile, Snapshot, TableSnapshot, absent
from lake.storage import Storage
from queries.cache.folder import Copy
from queries.errors import FileUnreadableError
from queries.held import IN_MEMORY, NUMBERS, Held
from queries.text import quoted, sql_type

CACHE = "cache"
"""Name under which a copy is attached."""


@dataclass(frozen=True)
class StoredTable:
    """How DuckDB reads one table of a snapshot.

    Attributes:
        name: Its name.
        body: SELECT of the same columns over the files.
        variables: Files of each group that shares its columns, by the name of the SQL variable that the view
            reads them from. Paths as DuckDB opens them.
    """

    name: str
    body: str
    variables: Mapping[str, Sequence[object]]

    @property
    def statement(self) -> str:
        """Creates the view `stored.<table>`."""
        return f"create or replace view stored.{quoted(self.name)} as\n{self.body}"


def stored_table(
    snapshot: Snapshot, name: str, elsewhere: Copy | Held | None = None, further: Sequence[str] = ()
) -> StoredTable:
    """Return the view over one table; a table that the snapshot lacks is empty and typed.

    Files are grouped by their columns, one scan a group: `union_by_name` would read every footer.

    Args:
        snapshot: The snapshot.
        name: The table.
        elsewhere: A copy of some of its files, attached as `CACHE`, which is read instead of them; or all of
            its rows in memory.
        further: Names of columns that DuckDB makes, such as `filename`, to come after the table's own.
    """
    table = snapshot.tables.get(name) or absent(name)
    if isinstance(elsewhere, Held):
        return StoredTable(name, _held(table), {NUMBERS: elsewhere.numbers(table.files)})
    groups = _groups(_uncopied(table.files, elsewhere))
    variables = {f"{name}_{signature}": _uris(snapshot, name, files) for signature, files in groups.items()}
    scans = [
        _scan(table, f"{name}_{signature}", _columns(snapshot.storage, name, files[0]), further)
        for signature, files in groups.items()
    ]
    if elsewhere is not None:
        scans.insert(0, _copied(table, elsewhere))
    return StoredTable(name, "\nunion all\n".join(scans or [_nothing(table, further)]), variables)


def chosen_files(
    snapshot: Snapshot, name: str, files: Sequence[DataFile], elsewhere: Copy | Held | None = None
) -> dict[str, Sequence[object]]:
    """Return a table's variables for some of its files; of a group without any, its smallest is read.

    A copy is read whatever is chosen, and none of its files beside it: its rows would be there twice.
    """
    if isinstance(elsewhere, Held):
        return {NUMBERS: elsewhere.numbers(files)}
    chosen = _groups(_uncopied(files, elsewhere))
    return {
        f"{name}_{signature}": _uris(
            snapshot, name, chosen.get(signature) or [min(group, key=lambda file: file.size_bytes)]
        )
        for signature, group in _groups(_uncopied(snapshot[name].files, elsewhere)).items()
    }


def _uncopied(files: Sequence[DataFile], copy: Copy | None) -> Sequence[DataFile]:
    return files if copy is None else [file for file in files if file.path not in copy.files]


def _copied(table: TableSnapshot, copy: Copy) -> str:
    present = {name.casefold() for name in copy.columns}
    chosen = ", ".join(
        f"copied.{quoted(item.name)}" if item.name.casefold() in present else _null(item)
        for item in table.schema
    )  # qualified: DuckDB 2.0 takes bare names for parameters of the macros that read them
    return f"select {chosen} from {CACHE}.metrics as copied"  # noqa: S608


def _held(table: TableSnapshot) -> str:
    chosen = ", ".join(f"held.{quoted(name)}" for name in table.schema.names)
    return f"select {chosen} from {IN_MEMORY.text} as held where {IN_MEMORY.condition}"  # noqa: S608


def _groups(files: Sequence[DataFile]) -> dict[str, list[DataFile]]:
    """Return files by the columns that they share."""
    groups: dict[str, list[DataFile]] = {}
    for file in files:
        groups.setdefault(file.signature, []).append(file)
    return groups


def _uris(snapshot: Snapshot, name: str, files: Sequence[DataFile]) -> list[str]:
    return [snapshot.storage.uri(f"{name}/{file.path}") for file in files]


@lru_cache(maxsize=4096)
def _footer(url: str, path: str, size_bytes: int) -> frozenset[str]:
    with Storage(url).open(path, size_bytes) as source:
        return frozenset(pq.read_schema(source).names)


def _columns(storage: Storage, name: str, file: DataFile) -> frozenset[str]:
    """Return the columns of a file; files never change, so each footer is read once a process.

    Raises:
        FileNotFoundError: If it is not there.
        FileUnreadableError: If it cannot be read.
        LakeUnreachableError: If the storage does not answer.
    """
    path = f"{name}/{file.path}"
    try:
        return _footer(storage.url, path, file.size_bytes)
    except FileNotFoundError:
        raise
    except READ_ERRORS as error:
        raise_if_away(storage, error)
        raise FileUnreadableError(path, str(error).partition("\n")[0]) from error


def _scan(table: TableSnapshot, variable: str, present: frozenset[str], further: Sequence[str]) -> str:
    partitions = TABLES[table.name].partition_by
    chosen = ", ".join(
        [
            quoted(item.name) if item.name in present or item.name in partitions else _null(item)
            for item in table.schema
        ]
        + [quoted(name) for name in further]
    )
    hive = ", ".join(
        f"{quoted(name)}: {sql_type(table.schema.field(name).type).upper()}" for name in partitions
    )
    options = f"hive_partitioning = true, hive_types = {{{hive}}}" if hive else "hive_partitioning = false"
    return f"select {chosen} from read_parquet(getvariable('{variable}'), {options})"  # noqa: S608


def _nothing(table: TableSnapshot, further: Sequence[str]) -> str:
    columns = [_null(item) for item in table.schema] + [
        _null(pa.field(name, pa.string())) for name in further
    ]
    return f"select {', '.join(columns)} where false"


def _null(item: pa.Field) -> str:
    return f"cast(null as {sql_type(item.type)}) as {quoted(item.name)}"
