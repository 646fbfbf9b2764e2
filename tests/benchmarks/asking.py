"""What is asked of a lake of many runs, beside the same on a native table in memory; answers compared."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isclose
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa

from queries.catalog import Catalog
from queries.filters import Filters
from queries.lookup import Lookup, lookup
from queries.search import best, search
from queries.show import show

REPEATED = 9
FILTER = Filters(strategy="strategy_2", min_sharpe=0.5, max_drawdown=0.3)
PASSING = "role = 'full' and strategy = 'strategy_2' and sharpe >= 0.5 and max_drawdown <= 0.3"
SUMMARY = """
select strategy, symbol, count(*) as runs, avg(sharpe) as mean, median(sharpe) as middle,
    quantile_cont(sharpe, [0.05, 0.95]) as quantiles, max(cagr) as best, avg(max_drawdown) as drawdown
from metrics where role = 'full' group by all order by all
"""


@dataclass(frozen=True)
class Question:
    """One question, as plain SQL on a table and as users ask it; and the most that the ratio may be.

    Attributes:
        native: SQL.
        ours: What the same rows come from.
        files: Most times native, from the files.
        copy: The same from the copy.
    """

    native: str
    ours: Callable[[Catalog], pa.Table]
    files: float
    copy: float = 1.2


def questions(run: Mapping[str, Any]) -> dict[str, Question]:
    """Return the questions about a lake that has a run."""
    params = {name: run[f"param_{name}"] for name in ("fast", "slow", "stop_loss", "take_profit")}
    place = "strategy = 'strategy_2' and symbol = 'S17'"
    same = " and ".join(
        f"param_{name} {'is null' if value is None else f'= {value}'}" for name, value in params.items()
    )
    asked = Lookup("strategy_2", "S17", params)
    return {
        "a run by its id": Question(
            f"select * from metrics where run_id = '{run['run_id']}'",  # noqa: S608
            lambda catalog: show(catalog, run["run_id"]).run,
            1.0,
        ),
        "runs by parameters": Question(
            f"select * from metrics where role = 'full' and {place} and {same} order by run_id",  # noqa: S608
            lambda catalog: lookup(catalog, [asked]),
            float("inf"),
            float("inf"),
        ),
        "top 10": Question(
            "select * from metrics where role = 'full' and sharpe is not null "
            "order by sharpe desc, run_id limit 10",
            lambda catalog: best(catalog, n=10),
            3.0,
        ),
        "top 100, three filters": Question(
            f"select * from metrics where {PASSING} order by sharpe desc nulls last, run_id limit 100",  # noqa: S608
            lambda catalog: search(catalog, FILTER, limit=100),
            5.0,
        ),
        "count, three filters": Question(
            f"select count(*) as runs from metrics where {PASSING}",  # noqa: S608
            lambda catalog: catalog.arrow(f"select count(*) as runs from metrics where {PASSING}"),  # noqa: S608
            8.0,
        ),
        "summary with quantiles": Question(SUMMARY, lambda catalog: catalog.arrow(SUMMARY), 1.7),
    }


def milliseconds(ask: Callable[[], object]) -> float:
    """Return the median of some calls; one before them warms up."""
    taken = []
    for _ in range(REPEATED + 1):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1e3)
    return median(taken[1:])


def native_table(catalog: Catalog) -> duckdb.DuckDBPyConnection:
    """Return a table in memory with the columns of metrics, the block statistics aside, and no index."""
    native = duckdb.connect(":memory:")
    native.register("rows", catalog.batches("select * exclude (block_sums, block_sumsqs) from metrics"))
    native.execute("create table metrics as select * from rows")
    native.unregister("rows")
    return native


def require_same(found: pa.Table, expected: pa.Table) -> None:
    """Assert that all columns that both have are the same, floats to the last digits."""
    names = [name for name in expected.column_names if name in found.column_names]
    assert found.num_rows == expected.num_rows
    assert len(names) == expected.num_columns
    left, right = found.select(names).to_pylist(), expected.select(names).to_pylist()
    for one, other in zip(left, right, strict=True):
        assert all(alike(one[name], other[name]) for name in names), (one, other)


def alike(one: Any, other: Any) -> bool:
    """Return whether two values are the same, sums of floats but for their last digits."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9)
    return bool(one == other)
