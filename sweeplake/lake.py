"""The lake as Python users hold it: questions of a snapshot."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lake.lake import Lake as LakeTables
from lake.lake import LakeMissingError, PinnedLakeError
from queries import html
from queries.catalog import Catalog, Parameters
from queries.filters import Filters
from queries.leaderboard import leaderboard
from queries.lookup import Lookup, lookup
from queries.reading import read_tree
from queries.removed import raise_if_removed
from queries.search import best, search
from queries.show import show
from queries.storage import sweep_storage
from queries.sweep import status, sweep_row

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    import pandas as pd

    from lake.snapshot import Snapshot
    from queries.cache.folder import Copy
    from sweeplake.stored_run import StoredRun
    from sweeplake.sweep import Sweep

LATEST = "latest"
_SWEEPS = (
    *("sweep_id", "name", "status", "strategy", "runs", "done", "failed", "detailed", "seconds"),
    "best_sharpe",
)


class Lake:
    """A lake, read at one snapshot until `refresh`.

    Tables come as pandas DataFrames with every column of `metrics`: returns, drawdowns and rates as
    fractions, times in UTC, NaN where a metric is undefined. Threads may share it; close it, or use it in a
    `with` statement. Every question raises `LakeMissingError` if there is no lake here yet, and a
    `QueryError` if a name or a value in it is wrong.
    """

    def __init__(
        self, tables: LakeTables, *, version: int | None = None, as_of: "datetime | str | None" = None
    ) -> None:
        self.tables = tables
        self._pin: dict[str, Any] = {"version": version, "as_of": as_of}
        self._catalog: Catalog | None = None

    def __repr__(self) -> str:
        return f"Lake({self.url!r})"

    def _repr_html_(self) -> str:
        try:
            shown = html.table(status(self.catalog), _SWEEPS)
        except LakeMissingError as error:
            shown = html.note(str(error))
        return html.fragment(html.title(self.url), shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Resolved address, as other engines open it."""
        return self.tables.url

    @property
    def catalog(self) -> Catalog:
        """The DuckDB views over the snapshot that is read; opened when first asked.

        Raises:
            LakeMissingError: If there is no lake here yet.
            VersionGoneError: If it was opened at a version or time that the lake no longer has.
        """
        if self._catalog is None:
            tables = self.tables.require()
            self._catalog = Catalog(tables.snapshot(**self._pin) if self.is_pinned else tables)
        return self._catalog

    @property
    def is_pinned(self) -> bool:
        """Whether it was opened at an earlier version or time, and so neither moves on nor is written."""
        return any(value is not None for value in self._pin.values())

    def snapshot(self) -> "Snapshot":
        """Return the newest snapshot, or the one that it was opened at; what it reads itself stays as it is.

        Raises:
            LakeMissingError: If there is no lake here yet.
            VersionGoneError: If it was opened at a version or time that the lake no longer has.
        """
        return self.tables.require().snapshot(**self._pin)

    def refresh(self) -> Self:
        """Read the newest snapshot from now on.

        Raises:
            PinnedLakeError: If it was opened at an earlier version or time.
        """
        if self.is_pinned:
            raise PinnedLakeError(self.url)
        if self._catalog is not None:
            self._catalog.refresh()
        return self

    def cache(self) -> "Copy":
        """Copy the snapshot's metrics to this machine, and ask the copy from now on; see `queries.cache`.

        Raises:
            BadValueError: If the cache folder cannot be written, or has no room.
        """
        from queries.cache.update import update

        copy = update(self.catalog.snapshot)
        self.catalog.reopen()
        return copy

    def close(self) -> None:
        """Release the views."""
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None

    def sql(self, text: str, parameters: Parameters = None) -> "duckdb.DuckDBPyRelation":
        """Return a query over the views as a lazy DuckDB relation (`.df()`, `.pl()`, `.to_arrow_table()`).

        It reads the snapshot that it was asked of, also after a refresh; once the lake is closed, it raises.
        Unlike `sweeplake sql` it may call any function that only reads, and so read your own files too.

        Args:
            text: One statement that reads: SELECT in any of its forms, FROM, VALUES, PIVOT, DESCRIBE,
                SUMMARIZE, or EXPLAIN of one.
            parameters: The values of its parameters.

        Raises:
            RefusedSqlError: If it is anything else, or does not parse; nothing is run then.
            QueryFailedError: If it does not bind.
        """
        read_tree(text)
        return self.catalog.sql(text, parameters)

    def best(self, n: int = 10, metric: str = "sharpe", **filters: Any) -> "pd.DataFrame":
        """Return the n best runs by a metric, in its natural direction; see `queries.search.Filters`."""
        return _frame(best(self.catalog, self.filters(**filters), metric=metric, n=n))

    def leaderboard(
        self, n: int = 10, metric: str = "sharpe", *, sweep: str | None = None, **options: Any
    ) -> "pd.DataFrame":
        """Return the n best parameter sets, each over all its symbols; see `queries.leaderboard`."""
        chosen = self.filters(sweep=sweep).sweep
        return _frame(leaderboard(self.catalog, metric=metric, n=n, sweep=chosen, **options))

    def search(
        self, *, sort: str = "sharpe", ascending: bool | None = None, limit: int = 100, **filters: Any
    ) -> "pd.DataFrame":
        """Return the runs that pass the filters, in order; see `queries.search`. `limit=0` returns all."""
        found = search(self.catalog, self.filters(**filters), sort=sort, ascending=ascending, limit=limit)
        return _frame(found)

    def lookup(
        self,
        strategy: str,
        symbol: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeframe: str | None = None,
    ) -> "pd.DataFrame":
        """Return the runs of a strategy on a symbol with these parameters and exits."""
        wanted = Lookup(strategy, symbol, params or {}, timeframe)
        return _frame(lookup(self.catalog, [wanted])).drop(columns="request", errors="ignore")

    def lookup_many(self, wanted: Sequence[Lookup]) -> "pd.DataFrame":
        """Return the runs of many questions in one call; `request` is the place of the question."""
        return _frame(lookup(self.catalog, wanted))

    def run(self, run_id: str) -> "StoredRun":
        """Return everything that is stored of a run; what is not is computed when it is asked for."""
        from sweeplake.stored_run import StoredRun

        return StoredRun(show(self.catalog, run_id), self)

    def sweeps(self) -> "pd.DataFrame":
        """Return one row per sweep, newest first."""
        return _frame(status(self.catalog))

    def storage(self) -> "pd.DataFrame":
        """Return rows, files and bytes, one row per sweep and table; as the view `sweep_storage`."""
        return _frame(sweep_storage(self.catalog))

    def sweep(self, sweep_id: str = LATEST) -> "Sweep":
        """Return a sweep; "latest" is the newest."""
        from sweeplake.sweep import Sweep

        return Sweep(self, self.sweep_id(sweep_id))

    def sweep_id(self, sweep_id: str) -> str:
        """Return a sweep's id, resolving "latest".

        Raises:
            UnknownNameError: If there is no such sweep.
        """
        if sweep_id == LATEST:
            newest = self.catalog.rows("select max(sweep_id) as sweep_id from sweeps")[0]["sweep_id"]
            sweep_id = newest or LATEST
        sweep_row(self.catalog, sweep_id)
        return sweep_id

    def has_sweep(self, name: str) -> bool:
        """Return whether a name is that of a sweep, or "latest"."""
        known = self.catalog.rows("select 1 from sweeps where sweep_id = $1 limit 1", [name])
        return name == LATEST or bool(known)

    def filters(self, **given: Any) -> Filters:
        """Return filters for this lake, the sweep "latest" resolved.

        Raises:
            RemovedError: If the sweep was removed.
            UnknownNameError: If there is no such sweep.
        """
        if given.get("sweep") is not None:
            given["sweep"] = self.sweep_id(given["sweep"])
            raise_if_removed(self.catalog, given["sweep"])
        if given.get("role") == "any":
            given["role"] = None
        return Filters(**given)


def _frame(rows: Any) -> "pd.DataFrame":
    frame: pd.DataFrame = rows.to_pandas()
    return frame
