"""Pareto: the runs that no other beats in all of several metrics."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from queries.catalog import Catalog
from queries.errors import BadValueError
from queries.judgement.scope import Judged, Scope, judged, shown
from queries.judgement.skyline import Points, skyline
from queries.ranking import COMPOSITE, by_metric
from queries.text import quoted

_DIFFERENT = "name two different metrics or more"


def pareto(catalog: Catalog, scope: Scope, metrics: Sequence[str] = ("sharpe", "max_drawdown")) -> pa.Table:
    """Return the runs than which no other is at least as good in every metric and better in one.

    Exact. The runs are sorted in DuckDB by the sum of their standard scores, and streamed: Python holds the
    metrics of the runs that are found, and a batch.

    Args:
        catalog: Where the runs are.
        scope: Which runs; one that lacks any of the metrics takes no part.
        metrics: Two metrics or more, each in its natural direction.

    Returns:
        One row per run, best by the first metric first, then by the next, ties by run_id: run_id, sweep_id,
        symbol, the parameters that vary, and the metrics. Runs that are equal in all metrics are all there.

    Raises:
        BadValueError: If there are fewer than two metrics, one twice, or the score, or a name instead of
            several; else as `judged`.
    """
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        raise BadValueError("metrics", metrics, 'give a list, e.g. ["sharpe", "max_drawdown"]')
    metrics = tuple(metrics)
    if len(metrics) < 2:
        raise BadValueError("metrics", list(metrics), _DIFFERENT)
    if COMPOSITE in metrics:
        raise BadValueError("metrics", list(metrics), "a score weighs metrics; name them instead")
    runs = judged(catalog, scope, metrics[0])
    orders = [by_metric(catalog.schema, metric) for metric in metrics]
    signs = [1 if order.descending else -1 for order in orders]
    columns = [order.column for order in orders]
    if len(set(columns)) < len(columns):  # one of a backtester's own has two names
        raise BadValueError("metrics", list(metrics), _DIFFERENT)
    worths = ", ".join(
        f"{sign:d} * cast({order.expression} as double) as worth_{place}"
        for place, (sign, order) in enumerate(zip(signs, orders, strict=True))
    )
    names = [f"worth_{place}" for place in range(len(metrics))]
    held = f"""
        held as (
            select * from (select *, {worths} from ({_with(runs, columns)}))
            where {" and ".join(f"{name} is not null" for name in names)}
        )
    """  # noqa: S608
    found = skyline(_best_first(runs, held, names), len(names))
    axes = "".join(f", {shown(axis.parameter)} as {quoted(axis.parameter.column)}" for axis in runs.axes())
    values = ", ".join(quoted(column) for column in columns)
    points = ", ".join(f"unnest(cast(${name} as double[])) as {name}" for name in names)
    return runs.ask(
        f"""
        with {held}, points as (select distinct * from (select {points}))
        select run_id, sweep_id, symbol {axes}, {values}
        from held inner join points using ({", ".join(names)})
        order by {", ".join(f"{name} desc" for name in names)}, run_id
        """,  # noqa: S608
        **{name: found[:, place].tolist() for place, name in enumerate(names)},
    )


def _with(runs: Judged, columns: Sequence[str]) -> str:
    parameters = [parameter.column for parameter in runs.parameters]
    return runs.runs([*parameters, *columns])


def _best_first(runs: Judged, held: str, names: Sequence[str]) -> Iterator[Points]:
    """Yield the distinct points in batches, in an order in which none is beaten by a later one.

    Rounding keeps that order: the sum of two numbers never falls where one of them grows.
    """
    means = ", ".join(f"avg({name}) as mean_{name}, stddev_pop({name}) as spread_{name}" for name in names)
    score = " + ".join(f"coalesce(({name} - mean_{name}) / nullif(spread_{name}, 0), 0)" for name in names)
    stream = runs.stream(
        f"""
        with {held}, points as (select distinct {", ".join(names)} from held)
        select {", ".join(names)} from points cross join (select {means} from points)
        order by {score} desc, {", ".join(f"{name} desc" for name in names)}
        """  # noqa: S608
    )
    for batch in stream:
        yield np.column_stack([column.to_numpy(zero_copy_only=False) for column in batch.columns])
