"""Confinement: SQL from outside may read the snapshot, and nothing else, and write nothing."""

from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import pyarrow as pa

from lake.snapshot import Snapshot
from queries.catalog import Parameters
from queries.errors import RefusedSqlError
from queries.interruption import interruptible
from queries.parse import nodes
from queries.reading import REMEDY, read_tree
from queries.session import open_session, with_views
from queries.translation import streamed, translated
from queries.views import SQL_FILES

T = TypeVar("T")
_PIVOT = "name the columns: PIVOT metrics ON symbol IN ('AAPL', 'MSFT') USING count(*)"
_TABLE_FUNCTIONS = frozenset(
    {"generate_series", "histogram", "histogram_values", "json_each", "json_tree", "range", "unnest"}
    | {"duckdb_columns", "duckdb_functions", "duckdb_tables", "duckdb_types", "duckdb_views", "repeat"}
    | {"pragma_table_info", "pragma_version"}
    | set(SQL_FILES)
)
_FORBIDDEN_FUNCTIONS = frozenset(
    {"current_setting", "currval", "getenv", "getvariable", "json_serialize_plan"}
)
"""Beside those that no statement from outside may call."""
_FORBIDDEN_TABLES = frozenset({"pg_prepared_statements", "pg_settings"})
"""DuckDB's own views that tell of the process, not of the snapshot; others are as the functions they read."""
_LISTS = frozenset({"tables", "__show_tables_expanded"})
"""What SHOW may list, beside the tables of a schema; SHOW VARIABLES and DATABASES have paths."""
_MOST_SPILLED = "8 GiB"


class ConfinedCatalog:
    """The catalog's views for SQL from outside.

    A DuckDB instance of its own, its configuration locked, with access to nothing but the snapshot's files; a
    statement is parsed first and run only if it is one that reads, and no functions but those listed.
    What does not fit into memory is spilled as everywhere, but only so much that it cannot fill a disk.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Open an instance on a snapshot."""
        self._session = open_session(snapshot)
        uri, tables = snapshot.storage.uri, snapshot.tables.items()
        paths = [uri(f"{name}/{file.path}") for name, table in tables for file in table.files]
        with translated(self._session.snapshot):
            self._session.connection.execute("set allowed_paths = $1", [paths])
            self._session.connection.execute("set max_temp_directory_size = $1", [_MOST_SPILLED])
            self._session.connection.execute("set enable_external_access = false")
            self._session.connection.execute("set lock_configuration = true")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def arrow(self, text: str, parameters: Parameters = None) -> pa.Table:
        """Return the rows of one SELECT.

        Raises:
            RefusedSqlError: If it is anything else.
            QueryFailedError: If DuckDB cannot answer, or refuses what it would touch.
        """
        return self.batches(text, parameters).read_all()

    def batches(self, text: str, parameters: Parameters = None) -> pa.RecordBatchReader:
        """Return the rows of one SELECT as a stream; raises as `arrow`, also while it is read.

        Ctrl-C stops a query at once, wherever in it DuckDB is but in one expression of one row.
        """
        _check(text)
        return with_views(partial(self._batches, text, parameters))

    def _batches(self, text: str, parameters: Parameters, *, every: bool) -> pa.RecordBatchReader:
        snapshot = self._session.snapshot
        with translated(snapshot):
            cursor = self._session.cursor(text, every=every)

        def step(call: Callable[[], T]) -> T:
            return interruptible(lambda: streamed(snapshot, call), cursor.interrupt)

        def batches() -> Iterator[pa.RecordBatch]:
            while (batch := step(lambda: next(rows, None))) is not None:
                yield batch

        rows = step(lambda: cursor.sql(text, params=parameters).to_arrow_reader())
        return pa.RecordBatchReader.from_batches(rows.schema, batches())

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that is read."""
        return self._session.snapshot

    def close(self) -> None:
        """Release the instance."""
        self._session.connection.close()


def _check(text: str) -> None:
    """Return if a text is one SELECT, or an EXPLAIN of one, of parts that are allowed.

    Raises:
        RefusedSqlError: If not; it says why.
    """
    tree = read_tree(text)
    if tree is None:  # DuckDB makes a type of the values first, which is a write
        raise RefusedSqlError(text, "a PIVOT whose columns come from the rows", _PIVOT)
    for node in nodes(tree):
        kind = str(node.get("type"))
        if kind == "BASE_TABLE" and _is_forbidden(str(node["table_name"]).lower()):
            raise RefusedSqlError(text, f"view {node['table_name']}", REMEDY)
        if kind == "SHOW_REF" and node["show_type"] == "SHOW_SPECIAL":
            listed = str(node["table_name"]).strip('"').lower()
            if listed not in _LISTS:
                raise RefusedSqlError(text, f"SHOW {listed.upper()}", REMEDY)
        if kind == "TABLE_FUNCTION":
            _check_function(text, node["function"], allowed=True)
        elif kind == "FUNCTION":
            _check_function(text, node, allowed=False)


def _is_forbidden(view: str) -> bool:
    return view in _FORBIDDEN_TABLES or (
        view.startswith(("duckdb_", "pragma_")) and view not in _TABLE_FUNCTIONS
    )


def _check_function(text: str, node: dict[str, object], *, allowed: bool) -> None:
    name = str(node["function_name"]).lower()
    if name in _FORBIDDEN_FUNCTIONS or (allowed and name not in _TABLE_FUNCTIONS):
        raise RefusedSqlError(text, f"function {name}", REMEDY)
