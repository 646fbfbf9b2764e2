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
from queries.errors import FileUnreadableError
from queries.text import quoted, sql_type


@dataclass(frozen=True)
class StoredTable:
    """How DuckDB reads one table of a snapshot.

    Attributes:
        empty: Creates the table `stored.<table>` without rows: explicit columns and types.
        statement: Replaces it by a view of the same columns over the files.
        variables: Files of each group that shares its columns, by the name of the SQL variable that the view
            reads them from. Paths as DuckDB opens them.
    """

    empty: str
    statement: str
    variables: Mapping[str, Sequence[str]]


def stored_table(snapshot: Snapshot, name: str) -> StoredTable:
    """Return the view over one table; a table that the snapshot lacks is empty and typed.

    Files are grouped by their columns, one scan a group: `union_by_name` would read every footer.
    """
    held = snapshot.tables.get(name) or absent(name)
    groups: dict[str, list[DataFile]] = {}
    for file in held.files:
        groups.setdefault(file.signature, []).append(file)
    variables = {f"{name}_{signature}": _uris(snapshot, name, files) for signature, files in groups.items()}
    scans = [
        _scan(held, f"{name}_{signature}", _columns(snapshot.storage, name, files[0]))
        for signature, files in groups.items()
    ]
    view, nothing = f"stored.{quoted(name)}", _nothing(held)
    body = "\nunion all\n".join(scans or [nothing])
    return StoredTable(
        f"create table {view} as {nothing}", f"drop table {view}; create view {view} as\n{body}", variables
    )


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


def _scan(table: TableSnapshot, variable: str, present: frozenset[str]) -> str:
    partitions = TABLES[table.name].partition_by
    chosen = ", ".join(
        quoted(item.name) if item.name in present or item.name in partitions else _null(item)
        for item in table.schema
    )
    hive = ", ".join(
        f"{quoted(name)}: {sql_type(table.schema.field(name).type).upper()}" for name in partitions
    )
    options = f"hive_partitioning = true, hive_types = {{{hive}}}" if hive else "hive_partitioning = false"
    return f"select {chosen} from read_parquet(getvariable('{variable}'), {options})"  # noqa: S608


def _nothing(table: TableSnapshot) -> str:
    return f"select {', '.join(_null(item) for item in table.schema)} where false"


def _null(item: pa.Field) -> str:
    return f"cast(null as {sql_type(item.type)}) as {quoted(item.name)}"
