"""Leaderboard: parameter sets by what they came to over all symbols."""

import pyarrow as pa

from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.given import count, number, require_texts
from queries.ranking import DATE, ranking
from queries.sweep import sweep_row

ORDERS = ("mean", "worst", "best", "profitable")
"""What parameter sets can be ranked by."""


def leaderboard(
    catalog: Catalog,
    *,
    metric: str = "sharpe",
    order_by: str = "mean",
    n: int = 10,
    strategy: str | None = None,
    sweep: str | None = None,
    timeframe: str | None = None,
    min_trades: int | None = None,
    min_symbols: int | None = None,
) -> pa.Table:
    """Return the n best parameter sets of strategies, each with all its symbols, over role full.

    Of a set every symbol counts once, by the latest sweep's run. A symbol without a run, or whose run has no
    such metric, counts as missing, and not in mean, worst and best: the row tells how many symbols have it.

    Args:
        catalog: Where to look.
        metric: A metric, or composite_score of a sweep; its natural direction tells worst from best.
        order_by: What ranks: mean, worst, best (of the metric), or profitable (share of runs with a gain).
        n: Most sets to return.
        strategy: Only this strategy.
        sweep: Only this sweep's runs.
        timeframe: Only this timeframe.
        min_trades: Fewest trades of a set, over all its symbols.
        min_symbols: Fewest symbols that have the metric.

    Returns:
        One row per set, as the macro `leaderboard` has it: strategy, timeframe, parameter_set, symbols,
        missing, mean, worst, best, profitable, num_trades, best_run and every param_ column.

    Raises:
        UnknownNameError: If there is no such metric, order or sweep.
        BadValueError: If n is below one, a value is of another kind, or the metric cannot be averaged.
    """
    if order_by not in ORDERS:
        raise UnknownNameError("order", order_by, ORDERS)
    n = count("n", n, 1, "ask for at least one parameter set")
    require_texts([("strategy", strategy), ("timeframe", timeframe)])
    if metric == DATE:
        raise BadValueError("metric", metric, "a date has no mean; name a metric such as sharpe")
    if sweep is not None:
        sweep_row(catalog, sweep)
    order = ranking(catalog, metric, sweep)
    return catalog.arrow(
        f"""
        select * from parameter_sets(
            {order.expression},
            strategy := $strategy, sweep := $sweep, timeframe := $timeframe,
            min_trades := $min_trades, min_symbols := $min_symbols,
            order_by := $order_by, descending := {order.descending}, n := {n:d}
        )
        """,  # noqa: S608
        {
            "strategy": strategy,
            "sweep": sweep,
            "timeframe": timeframe,
            "min_trades": number("min_trades", min_trades),
            "min_symbols": number("min_symbols", min_symbols),
            "order_by": order_by,
            **order.weights,
        },
    )
