"""Search and best: runs that pass filters, in order."""

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX, METRIC_NAMES, PARAMETER_PREFIX
from queries.catalog import Catalog
from queries.filters import EVERYTHING, Filters
from queries.given import count
from queries.predicate import asked_where, predicate
from queries.ranking import COMPOSITE, Ranking, ranking
from queries.sweep import sweep_row
from queries.top import Top

_FIRST = ("run_id", "sweep_id", "strategy", "symbol", "timeframe", "created_at", COMPOSITE)


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
        RefusedSqlError: If `where` is more than a condition, or cannot be computed of some run.
    """
    return _ranked(catalog, filters, ranking(catalog, sort, filters.sweep), ascending, limit)


def best(catalog: Catalog, filters: Filters = EVERYTHING, *, metric: str = "sharpe", n: int = 10) -> pa.Table:
    """Return the n best runs by a metric in its natural direction; a run without the metric never ranks.

    Returns and raises as `search`.
    """
    n = count("n", n, 1)
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
    """Check what is asked: only names from the schema and conditions that were taken apart become SQL."""
    limit = count("limit", limit, 0, "give the most rows to return, 0 for all")
    filters.values()
    if filters.sweep is not None:
        sweep_row(catalog, filters.sweep)
    if filters.where is not None:
        condition += f" and {predicate(catalog, filters.where, filters.strategy)}"
    descending = order.descending if ascending is None else not ascending
    with asked_where(filters.where):
        found = Top(catalog, filters, order, condition, descending, limit).rows()
    return arranged(found, order.column)


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
