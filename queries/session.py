"""Session: one in-memory DuckDB on one snapshot. It never changes; a refresh makes another."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa

from lake.columns import METRICS
from lake.errors import LakeError
from lake.known import ENDS_EARLY
from lake.schemas import CUSTOM_METRIC_PREFIX, TABLES
from lake.snapshot import Snapshot, absent, load_table
from lake.storage import Storage
from queries.errors import FileLostError, FileUnreadableError, QueryError, QueryFailedError, SnapshotGoneError
from queries.parameters import ParameterColumn, by_strategy
from queries.stored import StoredTable, stored_table
from queries.strategy_views import strategy_views

# Order of creation: each reads only those before it.
SQL_FILES = (
    "metrics",
    "details",
    "trades",
    "equity",
    "sweeps",
    "bars",
    "failures",
    "removals",
    "runs_latest",
    "metric_columns",
    "sweep_summary",
    "passing_runs",
    "search_runs",
    "best_runs",
    "sweep_quantiles",
    "failures_by_cause",
    "splits",
    "walk_forward",
    "walk_forward_equity",
    "walk_forward_summary",
    "trial_runs",
    "trials",
    "pooled_trials",
    "block_statistics",
)
_SETTINGS = (
    "set global TimeZone = 'UTC'",
    "set python_enable_replacements = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set parquet_metadata_cache = true",
)

_DUCKDB_KIND = "Invalid Input Error: "
_MISSING = re.compile(r"No files found|No such file|not found", re.IGNORECASE)
_RAISED_IN_PYTHON = re.compile(
    r"Traceback \(most recent call last\):.*\n(?P<last>(?!LINE \d)\w.*?)(?=\n+LINE \d|\Z)", re.DOTALL
)
"""What a filesystem of ours raised, without the line of the query that DuckDB may show after it."""


@dataclass(frozen=True)
class Session:
    """A DuckDB instance with the catalog's views.

    Attributes:
        connection: The instance; take a `cursor` for every call, a connection is not for two threads.
        snapshot: What it reads.
        variables: Files by SQL variable; variables belong to a cursor.
        schema: Schema of metrics.
        parameters: Parameter columns of each strategy.
        strategies: Names of the strategies that have runs or sweeps, sorted.
    """

    connection: duckdb.DuckDBPyConnection
    snapshot: Snapshot
    variables: Mapping[str, Sequence[str]]
    schema: pa.Schema
    parameters: Mapping[str, Sequence[ParameterColumn]]
    strategies: Sequence[str]

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the same instance, ready to read every view."""
        return _prepared(self.connection.cursor(), self.variables)


def open_session(snapshot: Snapshot) -> Session:
    """Return a DuckDB instance whose views read exactly the files of a snapshot."""
    connection = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        connection.execute(setting)
    if not snapshot.storage.local:
        connection.register_filesystem(snapshot.storage.known(_sizes(snapshot)))
    stored = _stored_tables(snapshot)
    variables = {name: paths for table in stored for name, paths in table.variables.items()}
    schema = (snapshot.tables.get("metrics") or absent("metrics")).schema
    with translated(snapshot):
        connection.execute("create schema stored")
        connection.execute("create schema strategies")
        _prepared(connection, variables)
        for table in stored:
            connection.execute(table.statement)
        _create_metric_columns(connection, schema)
        for name in SQL_FILES:
            connection.execute(sql_text(name))
        parameters = by_strategy(_recorded(connection), schema)
        strategies = _strategies(snapshot, parameters)
        for statement in strategy_views(strategies, parameters, schema):
            connection.execute(statement)
    return Session(connection, snapshot, variables, schema, parameters, strategies)


def sql_text(name: str) -> str:
    """Return the text of one view or macro."""
    return files("queries").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def translated(snapshot: Snapshot) -> Iterator[None]:
    """Turn DuckDB's errors into ours.

    Raises:
        FileLostError: If a file is missing that the newest version of its table has, too.
        SnapshotGoneError: If another file of the snapshot is missing.
        FileUnreadableError: If a file cannot be read.
        QueryFailedError: Else.
    """
    try:
        yield
    except duckdb.Error as error:
        raised = _RAISED_IN_PYTHON.search(str(error))  # by the filesystem that reads an object store
        text = raised["last"] if raised else str(error)
        if (raised or isinstance(error, duckdb.IOException)) and _MISSING.search(text):
            raise _missing_file(snapshot, text.split("\n", 1)[0]) from error
        reason = text.split("\n", 1)[0]
        file = _named_file(snapshot, reason)
        is_cut = ENDS_EARLY in reason
        if is_cut or (
            raised is None and (file or type(error) is duckdb.Error)
        ):  # Parquet errors give no name
            raise FileUnreadableError(file, reason.removeprefix(_DUCKDB_KIND)) from error
        raise QueryFailedError(text) from error


def _named_file(snapshot: Snapshot, text: str) -> str:
    """Return the file of a snapshot that a text names, relative to the lake's root; "" of none."""
    files = ((name, file.path) for name, table in snapshot.tables.items() for file in table.files)
    return next((f"{name}/{path}" for name, path in files if path in text), "")


def _missing_file(snapshot: Snapshot, text: str) -> QueryError:
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


def _stored_tables(snapshot: Snapshot) -> list[StoredTable]:
    """Return the views over all tables, a footer read for each column set; errors as `translated`."""
    try:
        return [stored_table(snapshot, name) for name in TABLES]
    except FileNotFoundError as error:
        raise _missing_file(snapshot, f"no such file: {error.filename or error}") from error


def _prepared(
    cursor: duckdb.DuckDBPyConnection, variables: Mapping[str, Sequence[str]]
) -> duckdb.DuckDBPyConnection:
    cursor.execute("set search_path = 'main,strategies'")
    for name, paths in variables.items():
        cursor.execute(f"set variable {name} = $1", [list(paths)])
    return cursor


def _create_metric_columns(connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> None:
    rows = [(column.name, column.unit, column.meaning, column.better) for column in METRICS]
    rows += [
        (name, "", "the backtester's own", 1)
        for name in schema.names
        if name.startswith(CUSTOM_METRIC_PREFIX)
    ]
    connection.execute(
        "create table stored.metric_columns as "
        "select unnest($1) as metric, unnest($2) as unit, unnest($3) as meaning, unnest($4) as better",
        [list(column) for column in zip(*rows, strict=True)],
    )


def _sizes(snapshot: Snapshot) -> dict[str, int]:
    return {
        f"{name}/{file.path}": file.size_bytes
        for name, held in snapshot.tables.items()
        for file in held.files
    }


def _recorded(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select strategy, parameters from sweeps where strategy is not null "
        "group by strategy, parameters order by max(started_at) desc, max(sweep_id) desc"
    ).fetchall()
    return [{"strategy": strategy, "parameters": parameters} for strategy, parameters in rows]


def _strategies(snapshot: Snapshot, parameters: Mapping[str, Any]) -> list[str]:
    held = snapshot.tables.get("metrics") or absent("metrics")
    return sorted({file.partition["strategy"] for file in held.files} | set(parameters))
