"""Choices: which parameters each split of a walk-forward chooses on its in-sample spans."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from lake.schemas import PARAMETER_PREFIX
from queries.catalog import Catalog
from queries.ranking import COMPOSITE, by_metric, by_score
from queries.text import quoted


class Training(NamedTuple):
    """What splits choose on: equally long columns, a row per split, symbol and span.

    Attributes:
        splits: Numbers of splits.
        symbols: Symbols.
        spans: Numbers of spans.
    """

    splits: Sequence[int]
    symbols: Sequence[str]
    spans: Sequence[int]


def choices(
    catalog: Catalog,
    sweep_id: str,
    training: Training,
    *,
    metric: str,
    score: Mapping[str, float] | None,
    min_trades: int,
    per_symbol: bool,
) -> pa.Table:
    """Return the best parameters of each split, by their metric on its spans: the mean, weighted by bars.

    Parameters that have no result, or no such metric, on any of the spans are not chosen; nor are those with
    fewer trades on all of them together. A split for which nothing is left has no row.

    Args:
        catalog: Where the sweep's metrics are.
        sweep_id: The sweep.
        training: What each split chooses on.
        metric: A metric, in its natural direction, or composite_score.
        score: Weights of composite_score.
        min_trades: Fewest trades over all spans of a split; a backtester that tells no count has enough.
        per_symbol: Whether each symbol has its own choice; else one is made over all together.

    Returns:
        split, symbol (NULL for all), value, and every param_ column; in order of split and symbol. Ties are
        broken by the hash of the parameters.

    Raises:
        UnknownNameError: If there is no such metric.
    """
    order = (
        by_score(catalog.schema, score)
        if metric == COMPOSITE and score
        else by_metric(catalog.schema, metric)
    )
    params = ", ".join(
        f"metrics.{quoted(name)}" for name in catalog.schema.names if name.startswith(PARAMETER_PREFIX)
    )
    group = "training.symbol" if per_symbol else "cast(null as varchar)"
    direction = "desc" if order.descending else "asc"
    return catalog.arrow(
        f"""
        with training as (
            select
                unnest(cast($splits as integer[])) as split,
                unnest(cast($symbols as varchar[])) as symbol,
                unnest(cast($spans as integer[])) as span
        ),
        needed as (
            select split, {group} as symbol, count(*) as spans from training group by all
        ),
        runs as (
            select symbol, span, right(run_id, 16) as parameters, n_bars, num_trades,
                cast({order.expression} as double) as value
            from metrics where sweep_id = $sweep_id and role = 'in_sample'
        ),
        valued as (
            select
                training.split,
                {group} as symbol,
                runs.parameters,
                sum(runs.value * runs.n_bars) / sum(runs.n_bars) as value,
                count(runs.value) as spans,
                sum(runs.num_trades) as trades
            from training join runs using (symbol, span)
            group by all
        ),
        best as (
            select valued.split, valued.symbol, valued.parameters, valued.value
            from valued join needed
                on needed.split = valued.split and needed.symbol is not distinct from valued.symbol
            where valued.spans = needed.spans and (valued.trades is null or valued.trades >= $min_trades)
            qualify row_number() over (
                partition by valued.split, valued.symbol order by valued.value {direction}, valued.parameters
            ) = 1
        )
        select best.split, best.symbol, best.value{"".join([", ", params] if params else [])}
        from best join metrics
            on right(metrics.run_id, 16) = best.parameters
        where metrics.sweep_id = $sweep_id and metrics.role = 'in_sample'
        qualify row_number() over (
            partition by best.split, best.symbol order by metrics.symbol, metrics.span
        ) = 1
        order by best.split, best.symbol
        """,  # noqa: S608
        {
            "splits": list(training.splits),
            "symbols": list(training.symbols),
            "spans": list(training.spans),
            "sweep_id": sweep_id,
            "min_trades": min_trades,
            **order.weights,
        },
    )


def tested_choices(catalog: Catalog, sweep_id: str, *, per_symbol: bool) -> pa.Table:
    """Return the parameters that splits have chosen of which a test is stored; the columns of `choices`."""
    params = "".join(
        f", {quoted(name)}" for name in catalog.schema.names if name.startswith(PARAMETER_PREFIX)
    )
    return catalog.arrow(
        f"""
        select unnest(splits) as split, {"symbol" if per_symbol else "cast(null as varchar) as symbol"},
            cast(null as double) as value {params}
        from metrics where sweep_id = $1 and role = 'out_of_sample'
        """,  # noqa: S608
        [sweep_id],
    )
