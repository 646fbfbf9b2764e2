"""Boundary: good runs at the edge of their grid, where it should be widened."""

import pyarrow as pa

from queries.catalog import Catalog
from queries.given import count
from queries.judgement.scope import Scope, judged
from queries.text import quoted

_FEWEST = 3
"""Below so many values every one of them, or all but one, lies at an edge."""

_SCHEMA = pa.schema(
    [
        ("place", pa.int64()),
        ("run_id", pa.string()),
        ("symbol", pa.string()),
        ("metric_value", pa.float64()),
        ("parameter", pa.string()),
        ("edge", pa.string()),
        ("value", pa.float64()),
        ("values", pa.int64()),
    ]
)


def boundary(catalog: Catalog, scope: Scope, metric: str = "sharpe", n: int = 1) -> pa.Table:
    """Return which parameters of the n best runs have the lowest or highest value that was tried.

    What lies beyond was not asked: the grid should be widened there. Only numbers with at least three values
    have edges; off lies at none, and so do texts and flags.

    Args:
        catalog: Where the runs are.
        scope: Which runs; the values that were tried are those that they have.
        metric: A metric in its natural direction, or composite_score of the sweep.
        n: How many of the best runs to look at; a run without the metric is none.

    Returns:
        One row per run and parameter at an edge, best run first, ties by run_id: place (from 1), run_id,
        symbol, metric_value, parameter, edge (lowest or highest), value, values (how many were tried). No row
        is good news.

    Raises:
        BadValueError: If n is below 1; else as `judged`.
    """
    n = count("n", n, 1)
    runs = judged(catalog, scope, metric)
    axes = [axis for axis in runs.axes() if axis.is_ordered and axis.values >= _FEWEST]
    if not axes:
        return _SCHEMA.empty_table()
    columns = [axis.parameter.column for axis in axes]
    edges = ", ".join(
        f"min({quoted(column)}) as lowest_{place}, max({quoted(column)}) as highest_{place}"
        for place, column in enumerate(columns)
    )
    held = ", ".join(
        f"{{'axis': {place}, 'value': {quoted(column)}, 'lowest': lowest_{place},"
        f" 'highest': highest_{place}}}"
        for place, column in enumerate(columns)
    )
    found = runs.ask(
        f"""
        with held as ({runs.runs(columns)}),
        best as (select * from held where worth is not null order by worth desc, run_id limit $n),
        placed as (
            select row_number() over (order by worth desc, run_id) as place, run_id, symbol,
                value as metric_value, unnest([{held}]) as edge
            from best cross join (select {edges} from held)
        )
        select place, run_id, symbol, metric_value, $names[edge.axis + 1] as parameter,
            case edge.value when edge.lowest then 'lowest' else 'highest' end as edge,
            edge.value as value, $sizes[edge.axis + 1] as values
        from placed where edge.value in (edge.lowest, edge.highest)
        order by place, edge.axis
        """,  # noqa: S608
        n=n,
        names=[axis.parameter.name for axis in axes],
        sizes=[axis.values for axis in axes],
    )
    return found.cast(_SCHEMA)
