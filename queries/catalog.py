"""Catalog: a lake's snapshot as DuckDB views and macros."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from types import TracebackType
from typing import Any, Self, TypeVar

import duckdb
import pyarrow as pa

from lake.lake import Lake
from lake.snapshot import DataFile, Snapshot
from queries.errors import PinnedSnapshotError, QueryFailedError
from queries.interruption import interruptible
from queries.parameters import ParameterColumn, from_schema
from queries.session import open_session, refreshed, with_views
from queries.translation import translated
from queries.whole import Source, Whole

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Any] | None
"""Values to bind: by name (`$name`), by position (`$1` or `?`), or none."""


warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning, __name__)  # `Catalog.few`


class Catalog:
    """SQL over one snapshot of a lake.

    Every call reads the same snapshot until `refresh`. Calls from several threads are safe: each has a cursor
    of its own, and a refresh leaves the calls and relations that are under way on theirs.

    What it runs is trusted: use `queries.confine.ConfinedCatalog` for SQL that comes from outside.
    """

    def __init__(self, source: Lake | Snapshot) -> None:
        """Open the newest snapshot of a lake, or the given one.

        A lake that does not exist is empty; call `lake.require()` first where that is an error.
        """
        self._lake = source if isinstance(source, Lake) else None
        self._session = open_session(source.snapshot() if isinstance(source, Lake) else source)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def lake(self) -> Lake | None:
        """The lake whose newest snapshot is read; None if it was opened on a snapshot."""
        return self._lake

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that is read."""
        return self._session.snapshot

    @property
    def schema(self) -> pa.Schema:
        """Schema of metrics: fixed, parameter and custom metric columns."""
        return self._session.schema

    @property
    def strategies(self) -> Sequence[str]:
        """Names of the strategies that have runs or sweeps, sorted."""
        return self._session.strategies

    def parameters(self, strategy: str) -> Sequence[ParameterColumn]:
        """Return a strategy's parameters; all columns of metrics if its sweeps recorded none."""
        return self._session.parameters.get(strategy) or from_schema(self.schema)

    @property
    def is_distinct(self) -> bool:
        """Whether it is known that no run id is there twice."""
        return self._session.is_distinct

    @property
    def whole(self) -> Whole | None:
        """Rows of metrics by their keys, of a small lake; None if they are not in memory."""
        return self._session.whole

    @property
    def metrics(self) -> Source:
        """Where a query reads metrics soonest: each view on the way binds all of its columns."""
        return self._session.metrics

    def files(self, table: str) -> Sequence[DataFile]:
        """Return the files of a table that are read."""
        held = self.snapshot.tables.get(table)
        return held.files if held else ()

    def narrowed(self, table: str, files: Sequence[DataFile]) -> "Catalog":
        """Return the same catalog, reading only some files of a table: those that may have an answer.

        It may read others, too: whoever asks filters as over all of them. It shares this one's instance, so
        that it is not closed, and costs nothing.
        """
        other = copy(self)
        other._lake, other._session = None, self._session.narrowed(table, files)  # noqa: SLF001
        return other

    def refresh(self) -> None:
        """Read the newest snapshot from now on.

        Raises:
            PinnedSnapshotError: If the catalog was opened on a snapshot.
        """
        if self._lake is None:
            raise PinnedSnapshotError
        newest = self._lake.snapshot()
        self._session = refreshed(self._session, newest) or open_session(newest)

    def reopen(self) -> None:
        """Read the same snapshot anew: a copy of it that was made since is used from now on."""
        self._session = open_session(self.snapshot)

    def sql(self, text: str, parameters: Parameters = None) -> duckdb.DuckDBPyRelation:
        """Return a query as a lazy DuckDB relation (`.df()`, `.pl()`, `.to_arrow_table()`).

        DuckDB hears of Ctrl-C between its tasks, of which a join without a key has one; `arrow` stops.

        Raises:
            QueryFailedError: If the text does not bind, or returns no rows by its nature.
        """
        with translated(self.snapshot):
            return _relation(self._session.cursor(text, every=True), text, parameters)

    def arrow(self, text: str, parameters: Parameters = None, given: pa.Table | None = None) -> pa.Table:
        """Return a query's rows; times are UTC. Raises as `sql`, also while it runs. Ctrl-C stops it at once.

        Args:
            text: A query.
            parameters: The values of its parameters.
            given: Rows that it reads as `given`.
        """

        def read(cursor: duckdb.DuckDBPyConnection) -> pa.Table:
            if given is None:
                return _relation(cursor, text, parameters).to_arrow_table()
            cursor.register("given", given)
            rows = _relation(cursor, text, parameters).to_arrow_table()
            cursor.unregister("given")
            return rows

        return self._lent(text, lambda cursor: interruptible(lambda: read(cursor), cursor.interrupt))

    def tuples(self, text: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        """Return a small result as Python's values, in half the time of `arrow`; raises as that.

        It may have no times: of those DuckDB makes Python's by a package that need not be installed, pytz.
        """
        return self._lent(text, lambda cursor: cursor.execute(text, parameters).fetchall())

    def few(self, text: str, parameters: Parameters = None) -> pa.Table:
        """Return a query's few rows, sooner than `arrow`; raises as that.

        The text is bound once, not twice, which of a hundred columns takes long; rows are copied once more.
        """
        return self._lent(text, lambda cursor: cursor.execute(text, parameters).to_arrow_table())

    def batches(self, text: str, parameters: Parameters = None) -> pa.RecordBatchReader:
        """Return a query's rows as a stream, for results larger than memory; raises as `sql`."""

        def read(*, every: bool) -> pa.RecordBatchReader:
            with translated(self.snapshot):
                cursor = self._session.cursor(text, every=every)
                return _relation(cursor, text, parameters).to_arrow_reader()

        return with_views(read)

    def rows(self, text: str, parameters: Parameters = None) -> list[dict[str, Any]]:
        """Return a small result as dictionaries."""
        rows: list[dict[str, Any]] = self.few(text, parameters).to_pylist()
        return rows

    def close(self) -> None:
        """Release the instance; relations that are still held raise from then on."""
        self._session.connection.close()

    def _lent(self, text: str, ask: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        def once(*, every: bool) -> T:
            with translated(self.snapshot), self._session.lent(text, every=every) as cursor:
                return ask(cursor)

        return with_views(once)


def _relation(
    cursor: duckdb.DuckDBPyConnection, text: str, parameters: Parameters
) -> duckdb.DuckDBPyRelation:
    relation = cursor.sql(text, params=parameters)
    if relation is None:
        raise QueryFailedError("this statement returns no rows; write a SELECT")
    return relation
