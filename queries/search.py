"""Search and best: runs that pass filters, in order."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX, METRIC_NAMES, PARAMETER_PREFIX
from queries.catalog import Catalog
from queries.errors import BadValueError
from queries.predicate import predicate
from queries.ranking import COMPOSITE, Ranking, ranking
from queries.sweep import sweep_row

Moment = datetime | date | str
"""A time; text is ISO 8601, a bare day is its midnight, without an offset it is UTC."""

_LARGEST_HEAP = 10_000
"""So many of the best are found by their n-th best value; more are sorted."""

_FIRST = ("run_id", "sweep_id", "strategy", "symbol", "timeframe", "created_at", COMPOSITE)


@dataclass(frozen=True)
class Filters:
    """What a run must fulfil; None asks for nothing.

    Attributes:
        strategy: Strategy name.
        symbol: Symbol.
        timeframe: Timeframe.
        sweep: Sweep id; without one each run_id comes once, from the latest sweep that passes.
        min_sharpe: Lowest Sharpe ratio.
        max_drawdown: Highest drawdown, a positive fraction.
        min_trades: Fewest trades.
        since: Earliest created_at.
        until: First created_at that is too late.
        where: SQL condition on the columns of metrics.
        role: full, in_sample or out_of_sample; None for any.
    """

    strategy: str | None = None
    symbol: str | None = None
    timeframe: str | None = None
    sweep: str | None = None
    min_sharpe: float | None = None
    max_drawdown: float | None = None
    min_trades: int | None = None
    since: Moment | None = None
    until: Moment | None = None
    where: str | None = None
    role: str | None = "full"


EVERYTHING = Filters()


def search(
    catalog: Catalog,
    filters: Filters = EVERYTHING,
    *,
    sort: str = "sharpe",
    ascending: bool | None = None,
    limit: int = 100,
) -> pa.Table:
    """Return the runs that pass, in order.

    Args:
        catalog: Where to look.
        filters: What a run must fulfil.
        sort: A metric, `composite_score` or `date`. NULL comes last, ties by run_id.
        ascending: True for the lowest first, False for the highest; None for the best (the newest) first.
        limit: Most rows to return; 0 for all.

    Returns:
        One row per run: every column of metrics but the block statistics, and the score if it ranks.

    Raises:
        UnknownNameError: If a metric, a sweep or a column of `where` does not exist.
        BadValueError: If a time or the limit makes no sense.
        RefusedSqlError: If `where` is more than a condition.
    """
    return _ranked(catalog, filters, ranking(catalog, sort, filters.sweep), ascending, limit)


def best(catalog: Catalog, filters: Filters = EVERYTHING, *, metric: str = "sharpe", n: int = 10) -> pa.Table:
    """Return the n best runs by a metric in its natural direction; a run without the metric never ranks.

    Returns and raises as `search`.
    """
    if n < 1:
        raise BadValueError("n", n, "ask for at least one run")
    order = ranking(catalog, metric, filters.sweep)
    return _ranked(catalog, filters, order, None, n, condition=f"({order.expression}) is not null")


def _ranked(
    catalog: Catalog,
    filters: Filters,
    order: Ranking,
    ascending: bool | None,  # noqa: FBT001
    limit: int,
    condition: str = "true",
) -> pa.Table:
    """Ask the macro `search_runs`; only names from the schema and checked conditions are part of its text."""
    if limit < 0:
        raise BadValueError("limit", limit, "give the most rows to return, 0 for all")
    if filters.sweep is not None:
        sweep_row(catalog, filters.sweep)
    if filters.where is not None:
        condition += f" and {predicate(catalog, filters.where, filters.strategy)}"
    descending = order.descending if ascending is None else not ascending
    asked = _Asked(catalog, filters, order, condition, descending, limit)
    near = asked.nearest() if 0 < limit <= _LARGEST_HEAP else None
    found = near if near is not None else asked.rows(condition)
    return arranged(found, order.column)


@dataclass(frozen=True)
class _Asked:
    """A search whose names and conditions are checked."""

    catalog: Catalog
    filters: Filters
    order: Ranking
    condition: str
    descending: bool
    limit: int

    def nearest(self) -> pa.Table | None:
        """Return the rows if a bound leads to them, so that only few are sorted; else None.

        The n-th best value of one sweep and role, whose runs are distinct, is a bound that the n best of all
        reach. Of runs that reach it in any sweep the latest one's rows count: should one of those lie below
        it (metrics of a run may differ in the last digits), the bound has promised too much.
        """
        heap, fold, furthest = ("max", "max", "list_min") if self.descending else ("min", "min", "list_max")
        bound = self._ask(
            f"""
            select {fold}({furthest}(nearest)) as bound
            from (
                select {heap}(rank_value, {self.limit:d}) as nearest
                from passing_runs({self._arguments(self.condition)}) group by sweep_id, role
            )
            where len(nearest) = {self.limit:d}
            """  # noqa: S608
        )["bound"][0]
        if not bound.is_valid:
            return None
        reaches = f"({self.order.expression}) {'>=' if self.descending else '<='} $bound"
        within, values = f"{self.condition} and {reaches}", {"bound": bound.as_py()}
        if self.filters.sweep is None or self.filters.role is None:
            reaching = f"select distinct run_id from passing_runs({self._arguments(within)})"  # noqa: S608
            runs = self._ask(reaching, **values)
            if runs.num_rows > _LARGEST_HEAP + self.limit:  # ties
                return None
            within = f"{self.condition} and run_id in (select unnest($runs))"
            values = {"runs": runs["run_id"].to_pylist()}
        found = self.rows(within, **values)
        if found.num_rows < self.limit:
            return None
        last, reached = found["rank_value"][-1].as_py(), bound.as_py()
        return found if (last >= reached if self.descending else last <= reached) else None

    def rows(self, condition: str, **values: Any) -> pa.Table:
        """Return the rows that fulfil a condition, in order."""
        return self._ask(
            f"""
            select * from search_runs(
                {self._arguments(condition)}, descending := {self.descending}, n := {self.limit or "null"}
            )
            """,  # noqa: S608
            **values,
        )

    def _arguments(self, condition: str) -> str:
        return f"""
            {self.order.expression},
            strategy := $strategy, symbol := $symbol, timeframe := $timeframe, sweep := $sweep, role := $role,
            min_sharpe := $min_sharpe, max_drawdown := $max_drawdown, min_trades := $min_trades,
            since := $since, until := $until, predicate := ({condition})
        """

    def _ask(self, text: str, **values: Any) -> pa.Table:
        asked = {name: value for name, value in vars(self.filters).items() if name != "where"}
        moments = {name: _moment(name, asked[name]) for name in ("since", "until")}
        return self.catalog.arrow(text, {**asked, **moments, **self.order.weights, **values})


def arranged(runs: pa.Table, rank: str | None = None) -> pa.Table:
    """Return runs with their columns in reading order: identity, parameters, metrics, the rest.

    The value they were ranked by stays only if it is no column of metrics.
    """
    if "rank_value" in runs.column_names:
        runs = (
            runs.rename_columns({"rank_value": COMPOSITE})
            if rank == COMPOSITE
            else runs.drop_columns(["rank_value"])
        )
    names = runs.column_names
    order = [
        *(name for name in _FIRST if name in names),
        *(name for name in names if name.startswith(PARAMETER_PREFIX)),
        *(name for name in METRIC_NAMES if name in names),
        *(name for name in names if name.startswith(CUSTOM_METRIC_PREFIX)),
    ]
    return runs.select([*order, *(name for name in names if name not in order)])


def _moment(name: str, given: Moment | None) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError as error:
            raise BadValueError(name, given, "expected a date or time such as 2026-01-31") from error
    if not isinstance(given, datetime):
        given = datetime.combine(given, time())
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given
