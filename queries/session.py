"""Session: one in-memory DuckDB on one snapshot. It never changes; a refresh makes another."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from lake.columns import METRICS
from lake.schemas import CUSTOM_METRIC_PREFIX, TABLES
from lake.snapshot import DataFile, Snapshot, absent
from queries.cache.folder import Copy, current
from queries.cursors import Cursors, Variables
from queries.errors import QueryFailedError
from queries.held import IN_MEMORY, Held
from queries.interruption import heard
from queries.loading import loaded
from queries.parameters import ParameterColumn, by_strategy
from queries.shares import FILE_GROUPS, shares
from queries.stored import CACHE, chosen_files, stored_table
from queries.strategy_views import strategy_views
from queries.text import literal
from queries.translation import missing_file, translated
from queries.views import SHARED, Views
from queries.whole import VIEW, Source, Whole

T = TypeVar("T")
_SETTINGS = (
    "set global TimeZone = 'UTC'",
    "set python_enable_replacements = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set parquet_metadata_cache = true",
)
_FIRST = "sweeps"
"""The table that tells of strategies' parameters, and so is read by everybody."""


@dataclass(frozen=True)
class Session:
    """A DuckDB instance with the catalog's views.

    Attributes:
        connection: The instance; take a cursor for every call, a connection is not for two threads.
        cursors: Its cursors.
        views: Its views, each there once a text has named it.
        snapshot: What it reads.
        variables: Files, and what the log tells of them, by SQL variable; variables belong to a cursor.
        schema: Schema of metrics.
        parameters: Parameter columns of each strategy.
        strategies: Names of the strategies that have runs or sweeps, sorted.
        elsewhere: Where metrics are read: in the copy on this machine or, of a small lake, in memory; None if
            in the lake.
    """

    connection: duckdb.DuckDBPyConnection
    cursors: Cursors
    views: Views
    snapshot: Snapshot
    variables: Variables
    schema: pa.Schema
    parameters: Mapping[str, Sequence[ParameterColumn]]
    strategies: Sequence[str]
    elsewhere: Copy | Held | None = None

    @property
    def is_distinct(self) -> bool:
        """Whether it is known that no run id is there twice: of a copy, and of what is in memory, it is."""
        elsewhere = self.elsewhere
        if elsewhere is None or not elsewhere.is_distinct:
            return False
        return isinstance(elsewhere, Held) or len(elsewhere.files) == len(self.snapshot["metrics"].files)

    @property
    def whole(self) -> Whole | None:
        """Rows of metrics by their keys, of a small lake; None if they are not in memory."""
        held = self.elsewhere
        return held.whole if isinstance(held, Held) and held.whole.is_keyed else None

    @property
    def metrics(self) -> Source:
        """Where a query reads metrics soonest: each view on the way binds all of its columns."""
        return VIEW if self.whole is None else IN_MEMORY

    def cursor(self, text: str, *, every: bool = False) -> duckdb.DuckDBPyConnection:
        """Return a cursor for a relation that outlives the call; it reads what a text names, or all views."""
        self._make(text, every=every)
        return self.cursors.new(self.variables)

    def lent(self, text: str, *, every: bool = False) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Lend such a cursor to a caller who has fetched all rows before giving it back."""
        self._make(text, every=every)
        return self.cursors.lent(self.variables)

    def _make(self, text: str, *, every: bool) -> None:
        make = self.views.make_all if every else self.views.make
        make(text, self.variables, self._stored)

    def _stored(self, name: str) -> str | None:
        """Return what creates `stored.<name>`, which a view reads, if it is not there; as `_statement`."""
        if name == SHARED:
            return shares(self.snapshot).statement
        is_there = name not in TABLES or name == _FIRST
        return None if is_there else _statement(self.snapshot, name, self.elsewhere)

    def narrowed(self, table: str, files: Sequence[DataFile]) -> "Session":
        """Return a session that reads only some files of a table, on the same instance."""
        elsewhere = self.elsewhere if table == "metrics" else None
        if isinstance(elsewhere, Held):  # to set a variable takes longer than to read all
            return self
        chosen = chosen_files(self.snapshot, table, files, elsewhere)
        return replace(self, variables={**self.variables, **chosen})


def with_views(ask: Callable[..., T]) -> T:
    """Return what a question returns; where it names what is not there, ask again with `every` view made.

    A text may name a view by a value, and DuckDB suggests names of what there is.
    """
    try:
        return ask(every=False)
    except QueryFailedError as error:
        if not isinstance(error.__cause__, duckdb.CatalogException):
            raise
    return ask(every=True)


def open_session(snapshot: Snapshot) -> Session:
    """Return a DuckDB instance whose views read exactly the files of a snapshot."""
    connection = connected(snapshot)
    with heard():
        connection.execute("create schema stored; create schema strategies")
        elsewhere = attached(connection, snapshot) or loaded(connection, snapshot)
    variables = _variables(snapshot, elsewhere)
    schema = (snapshot.tables.get("metrics") or absent("metrics")).schema
    cursors = Cursors(connection)
    with translated(snapshot):
        maker = cursors.new({name: values[:1] for name, values in variables.items()})
        maker.execute(_statement(snapshot, _FIRST, elsewhere))
        _create_metric_columns(maker, schema)
        maker.execute(FILE_GROUPS)
        with cursors.lent(variables) as cursor:
            parameters = by_strategy(_recorded(cursor), schema)
    strategies = _strategies(snapshot, parameters)
    views = Views(cursors, strategy_views(strategies, parameters, schema))
    return Session(connection, cursors, views, snapshot, variables, schema, parameters, strategies, elsewhere)


def refreshed(session: Session, snapshot: Snapshot) -> Session | None:
    """Return a session on a newer snapshot over the same views, other files in their variables.

    None if the views would be others: columns, groups of files, strategies or parameters came or went, or the
    copy on this machine changed. On object storage they are made anew: an instance knows its files' sizes.
    """
    tables, elsewhere, copy = snapshot.tables, session.elsewhere, usable(snapshot)
    if not snapshot.storage.local:
        return None
    if any(tables[name].schema != table.schema for name, table in session.snapshot.tables.items()):
        return None
    if isinstance(elsewhere, Held) and copy is None:
        elsewhere = loaded(session.connection, snapshot, elsewhere)
        if elsewhere is None:
            return None
    elif copy != elsewhere:
        return None
    variables = _variables(snapshot, elsewhere)
    if variables.keys() != session.variables.keys():
        return None
    newer = replace(session, snapshot=snapshot, variables=variables, elsewhere=elsewhere)
    with translated(snapshot), newer.cursors.lent(variables) as cursor:
        parameters = by_strategy(_recorded(cursor), session.schema)
    same = parameters == session.parameters and _strategies(snapshot, parameters) == session.strategies
    return newer if same else None


def connected(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    """Return an instance that can read a snapshot's files, and has nothing in it."""
    connection = instance()
    if not snapshot.storage.local:
        connection.register_filesystem(snapshot.storage.known(_sizes(snapshot)))
    return connection


def usable(snapshot: Snapshot) -> Copy | None:
    """Return the copy of the lake on this machine; None if it is not one of the snapshot."""
    copy = current(snapshot.storage.url)
    return None if copy is None or copy.rest(snapshot) is None else copy


def attached(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> Copy | None:
    """Return the copy of the lake on this machine, attached; None if it is not one of the snapshot."""
    copy = usable(snapshot)
    if copy is None:
        return None
    try:
        connection.execute(f"attach {literal(copy.database)} as {CACHE} (read_only)")
    except duckdb.Error:  # replaced by another just now, or written by another release of DuckDB
        return None
    return copy


def instance() -> duckdb.DuckDBPyConnection:
    """Return an empty DuckDB in memory that knows times in UTC and loads nothing by itself.

    What does not fit into memory lies in the machine's folder for temporary files ($TMPDIR), not where the
    process happens to be, until the instance is closed; what a killed one left, the next one deletes.
    """
    connection = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        connection.execute(setting)
    spilled = Path(gettempdir(), f"sweeplake-spilled-{os.getuid()}")  # DuckDB makes it when it needs it
    connection.execute("set temp_directory = $1", [str(spilled)])
    return connection


def _variables(snapshot: Snapshot, elsewhere: Copy | Held | None) -> dict[str, Sequence[object]]:
    """Return the files of each table, and what the log tells of them; no file is read."""
    found = dict(shares(snapshot).variables)
    for name, table in snapshot.tables.items():
        found |= chosen_files(snapshot, name, table.files, elsewhere if name == "metrics" else None)
    return found


def _statement(snapshot: Snapshot, name: str, elsewhere: Copy | Held | None) -> str:
    """Return what creates the view over a table, a footer read for each column set; raises as `translated`.

    Raises:
        LakeUnreachableError: If the storage does not answer.
    """
    try:
        return stored_table(snapshot, name, elsewhere if name == "metrics" else None).statement
    except FileNotFoundError as error:
        raise missing_file(snapshot, f"no such file: {error.filename or error}") from error


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
        "select strategy, parameters from stored.sweeps where strategy is not null "
        "group by strategy, parameters order by max(started_at) desc, max(sweep_id) desc"
    ).fetchall()
    return [{"strategy": strategy, "parameters": parameters} for strategy, parameters in rows]


def _strategies(snapshot: Snapshot, parameters: Mapping[str, Any]) -> list[str]:
    held = snapshot.tables.get("metrics") or absent("metrics")
    return sorted({file.partition["strategy"] for file in held.files} | set(parameters))
