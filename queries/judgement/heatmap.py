"""Heatmap: a metric over two axes, everything else taken together."""

import pyarrow as pa

from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.judgement.scope import Scope, judged, shown
from queries.parameters import find

_VALUES = {
    "median": "median(value)",
    "mean": "avg(value)",
    "max": "max(value)",
    "min": "min(value)",
    "count": "count(value)",
    "best": "{sign} * max(worth)",
}
AGGREGATES = tuple(_VALUES)


def heatmap(
    catalog: Catalog,
    scope: Scope,
    x: str,
    y: str | None = None,
    *,
    metric: str = "sharpe",
    aggregate: str = "median",
) -> pa.Table:
    """Return a metric at every pair of values of two parameters, taken together over all else.

    Args:
        catalog: Where the runs are.
        scope: Which runs; all symbols are taken together unless it names one.
        x: A parameter of the strategy, or an execution or exit setting that is stored with the runs.
        y: Another; None makes a slice along x alone.
        metric: A metric, or composite_score of the sweep.
        aggregate: median, mean, max, min, count (of the runs that have the metric), or best, which is max or
            min by the metric's natural direction.

    Returns:
        One row per pair of values that some run has, in order of x and y, off first: x, y (absent in a
        slice), value, runs, best_run_id. x and y are of the parameters' kinds, NULL is off. `value` is in
        the metric's unit and NULL where no run has it, as is `best_run_id`, the best run's by the metric's
        natural direction, ties by run_id; `runs` counts all runs there.

    Raises:
        UnknownNameError: If there is no such parameter or aggregate.
        BadValueError: If x and y are the same.
        QueryError: As `judged`.
    """
    if aggregate not in _VALUES:
        raise UnknownNameError("aggregate", aggregate, AGGREGATES)
    runs = judged(catalog, scope, metric)
    axes = [find(runs.parameters, x), *([] if y is None else [find(runs.parameters, y)])]
    if axes[0] == axes[-1] and y is not None:
        raise BadValueError("y", y, "name another parameter than x, or none for a slice along x")
    names = ("x", "y")[: len(axes)]
    keys = ", ".join(f"{shown(axis)} as {name}" for axis, name in zip(axes, names, strict=True))
    order = ", ".join(f"{name} nulls first" for name in names)
    same = " and ".join(f"held.{name} is not distinct from cells.{name}" for name in names)
    # Which run is the best of a cell is asked of those at its best value: few rows, whatever the sweep holds.
    return runs.ask(
        f"""
        with held as (
            select run_id, value, worth, {keys} from ({runs.runs([axis.column for axis in axes])})
        ),
        cells as (
            select {", ".join(names)}, {_VALUES[aggregate].format(sign=runs.sign)} as value,
                count(*) as runs, max(worth) as highest
            from held group by {", ".join(names)}
        )
        select {", ".join(f"cells.{name}" for name in names)}, any_value(cells.value) as value,
            any_value(cells.runs) as runs, min(held.run_id) as best_run_id
        from cells left join held on {same} and held.worth = cells.highest
        group by {", ".join(f"cells.{name}" for name in names)}
        order by {order}
        """  # noqa: S608
    )
