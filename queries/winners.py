"""Winners: the runs of a sweep whose details are worth storing."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from lake.schemas import PARAMETER_PREFIX
from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.ranking import COMPOSITE, by_metric, by_score
from queries.text import quoted

GROUPS = ("strategy", "symbol", "timeframe")

_LARGEST_HEAP = 10_000
"""So many winners of a group are found by their n-th best value; for more all runs are sorted."""


def winners(
    catalog: Catalog,
    sweep_id: str,
    *,
    n: int,
    metric: str = "sharpe",
    score: Mapping[str, float] | None = None,
    min_trades: int = 0,
    per: Sequence[str] = ("strategy", "symbol"),
) -> pa.Table:
    """Return the n best runs of each group of a sweep, role full; a run without the metric never wins.

    Args:
        catalog: Where the sweep's metrics are.
        sweep_id: The sweep; it needs no row in `sweeps`.
        n: Winners of each group.
        metric: A metric, ranked in its natural direction, or composite_score.
        score: Weights of composite_score.
        min_trades: Runs with fewer trades do not take part; a backtester that tells no count does.
        per: What makes a group: strategy, symbol, timeframe, or nothing for one group of all.

    Returns:
        run_id, strategy, symbol, value, place (from 1, ties by run_id) and every param_ column, in order of
        group and place.

    Raises:
        UnknownNameError: If there is no such metric or group.
        BadValueError: If composite_score comes without weights.
    """
    for name in per:
        if name not in GROUPS:
            raise UnknownNameError("group", name, GROUPS)
    if metric == COMPOSITE and not score:
        raise BadValueError("metric", metric, "it needs the weights of [score]")
    order = (
        by_score(catalog.schema, score)
        if metric == COMPOSITE and score
        else by_metric(catalog.schema, metric)
    )
    params = [f"metrics.{quoted(name)}" for name in catalog.schema.names if name.startswith(PARAMETER_PREFIX)]
    own = f"group by {', '.join(quoted(name) for name in per)}" if per else ""
    same = " and ".join(f"metrics.{quoted(name)} = bounds.{quoted(name)}" for name in per) or "true"
    groups = "".join(f"{quoted(name)}, " for name in per)
    grouped = f"partition by {', '.join(f'metrics.{quoted(name)}' for name in per)}" if per else ""
    heap, last, reaches, direction = (
        ("max", "list_min", ">=", "desc") if order.descending else ("min", "list_max", "<=", "asc")
    )
    passing = (
        "sweep_id = $sweep_id and role = 'full' and (num_trades is null or num_trades >= $min_trades) "
        f"and {order.expression} is not null"
    )
    # Each group's n-th best value first: what does not reach it is never held.
    return catalog.arrow(
        f"""
        with bounds as (
            select {groups} {last}({heap}({order.expression}, {min(n, _LARGEST_HEAP):d})) as bound
            from metrics where {passing} {own}
        )
        select
            run_id, metrics.strategy, metrics.symbol, {order.expression} as value,
            row_number() over ({grouped} order by value {direction}, run_id) as place,
            {", ".join(params)}
        from metrics inner join bounds on {same}
        where {passing} and ({n > _LARGEST_HEAP} or {order.expression} {reaches} bounds.bound)
        qualify place <= $n
        order by {"".join(f"metrics.{quoted(name)}, " for name in per)}place
        """,  # noqa: S608
        {"sweep_id": sweep_id, "min_trades": min_trades, "n": n, **order.weights},
    )
