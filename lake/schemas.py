"""Tables: which columns each has, how it is partitioned and sorted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from lake.columns import (
    BARS,
    BLOCK_STATISTICS,
    DAY,
    DETAILS,
    EQUITY,
    FAILURES,
    METRICS,
    REMOVALS,
    RUN,
    STRATEGY,
    SWEEPS,
    SYMBOL,
    TIMEFRAME,
    TRADES,
    Column,
)

FORMAT = 6
"""Number of the lake's format; a lake of another number is refused."""

PARAMETER_PREFIX = "param_"
CUSTOM_METRIC_PREFIX = "metric_"


@dataclass(frozen=True)
class TableSpec:
    """One table of the lake.

    Attributes:
        name: Table name, also its folder.
        columns: Stored columns, the partition columns last.
        partition_by: Names of the partition columns, outermost first.
        sort_by: Order of the rows inside a file.
        indexed: Columns whose bounds the log keeps for every file, so that readers prune by them.
        grain: What one row is.
    """

    name: str
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...]
    sort_by: tuple[str, ...]
    indexed: tuple[str, ...]
    grain: str

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema, partition columns included."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])

    @cached_property
    def file_schema(self) -> pa.Schema:
        """Arrow schema of the files: without the partition columns, whose values are in the path."""
        return pa.schema([field for field in self.schema if field.name not in self.partition_by])


def _spec(
    name: str,
    grain: str,
    columns: Sequence[Column],
    *,
    partition_by: Sequence[Column] = (),
    sort_by: Sequence[str],
    indexed: Sequence[str],
) -> TableSpec:
    held = tuple(column.name for column in partition_by)
    stored = (column for column in columns if column.name not in held)
    return TableSpec(name, (*stored, *partition_by), held, tuple(sort_by), tuple(indexed), grain)


_BY_RUN = (STRATEGY, SYMBOL, DAY)
_RANKING = ("total_return", "cagr", "sharpe", "sortino", "calmar", "omega", "max_drawdown", "num_trades")

TABLES = {
    spec.name: spec
    for spec in (
        _spec(
            "bars",
            "one bar",
            BARS,
            partition_by=(SYMBOL, TIMEFRAME),
            sort_by=("time",),
            indexed=("time", "fingerprint"),
        ),
        _spec(
            "sweeps",
            "one state change of a sweep",
            SWEEPS,
            sort_by=("sweep_id", "at"),
            indexed=("sweep_id", "at", "status"),
        ),
        _spec(
            "removals",
            "one removal of a run, or of a whole sweep",
            REMOVALS,
            sort_by=("sweep_id", "run_id"),
            indexed=("sweep_id", "run_id", "removed_at"),
        ),
        _spec(
            "metrics",
            "one run in a sweep and role",
            (*RUN, *METRICS, *BLOCK_STATISTICS),
            partition_by=_BY_RUN,
            sort_by=("run_id",),
            indexed=("sweep_id", "run_id", "created_at", *_RANKING),
        ),
        _spec(
            "trades",
            "one trade",
            TRADES,
            partition_by=_BY_RUN,
            sort_by=("run_id", "trade"),
            indexed=("sweep_id", "run_id", "entry_time"),
        ),
        _spec(
            "equity",
            "one bar of a run's curve",
            EQUITY,
            partition_by=_BY_RUN,
            sort_by=("run_id", "time"),
            indexed=("sweep_id", "run_id", "time"),
        ),
        _spec(
            "failures",
            "one run that failed",
            FAILURES,
            partition_by=(DAY,),
            sort_by=("run_id",),
            indexed=("sweep_id", "run_id"),
        ),
        _spec(
            "details",
            "one run whose trades and equity are stored",
            DETAILS,
            partition_by=_BY_RUN,
            sort_by=("run_id",),
            indexed=("sweep_id", "run_id"),
        ),
    )
}

COMMIT_ORDER = ("trades", "equity", "failures", "metrics", "details")
"""Tables of one batch in the order of their commits: details last, so that they are whole or absent."""

METRIC_NAMES = tuple(column.name for column in METRICS)
DIRECTION = {column.name: column.better for column in METRICS} | {"composite_score": 1}
"""+1 where higher is better, -1 where lower is better, 0 where a metric does not rank."""
