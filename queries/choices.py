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
        contexts: First halves of the run ids on each span.
    """

    splits: Sequence[int]
    symbols: Sequence[str]
    contexts: Sequence[str]


def choices(
    catalog: Catalog,
    source: str | pa.Table,
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
        catalog: Where the metrics are.
        source: Which runs are chosen from: those of a sweep, or, of whatever sweep, those whose parameters
            have the hashes that a table has, in a column `parameters` of 64 bits.
        training: What each split chooses on.
        metric: A metric, in its natural direction, or composite_score.
        score: Weights of composite_score.
        min_trades: Fewest trades over all spans of a split; a backtester that tells no count has enough.
        per_symbol: Whether each symbol has its own choice; else one is made over all together.

    Returns:
        split, symbol (NULL for all), value, parameters (the second half of the run ids), and every param_
        column; in order of split and symbol. Ties are broken by the hash of the parameters.

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
    distinct, own = "", "metrics.sweep_id = $sweep_id"
    if not isinstance(source, str):
        distinct = "distinct"
        own = "cast('0x' || right(metrics.run_id, 16) as ubigint) in (select given.parameters from given)"
    return catalog.arrow(
        f"""
        with training as (
            select
                unnest(cast($splits as integer[])) as split,
                unnest(cast($symbols as varchar[])) as symbol,
                unnest(cast($contexts as varchar[])) as context
        ),
        needed as (
            select split, {group} as symbol, count(*) as spans from training group by all
        ),
        runs as (
            select {distinct} left(run_id, 16) as context, right(run_id, 16) as parameters, n_bars,
                num_trades, cast({order.expression} as double) as value
            from metrics where {own} and role = 'in_sample'
        ),
        valued as (
            select
                training.split,
                {group} as symbol,
                runs.parameters,
                sum(runs.value * runs.n_bars) / sum(runs.n_bars) as value,
                count(runs.value) as spans,
                sum(runs.num_trades) as trades
            from training join runs using (context)
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
        select best.split, best.symbol, best.value, best.parameters{"".join([", ", params] if params else [])}
        from best join metrics
            on right(metrics.run_id, 16) = best.parameters
        where {own} and metrics.role = 'in_sample'
        qualify row_number() over (
            partition by best.split, best.symbol order by metrics.symbol, metrics.span
        ) = 1
        order by best.split, best.symbol
        """,  # noqa: S608
        {
            "splits": list(training.splits),
            "symbols": list(training.symbols),
            "contexts": list(training.contexts),
            "min_trades": min_trades,
            **({"sweep_id": source} if isinstance(source, str) else {}),
            **order.weights,
        },
        None if isinstance(source, str) else source,
    )


def tested_choices(catalog: Catalog, sweep_id: str, *, per_symbol: bool) -> pa.Table:
    """Return the parameters that splits have chosen of which a test is stored; the columns of `choices`."""
    symbol = "symbol" if per_symbol else "cast(null as varchar) as symbol"
    return _tested(catalog, sweep_id, f"unnest(splits) as split, {symbol}, cast(null as double) as value")


def tested_runs(catalog: Catalog, sweep_id: str) -> pa.Table:
    """Return the stored tests of what splits have chosen: run_id, symbol, span and every param_ column."""
    return _tested(catalog, sweep_id, "run_id, symbol, span")


def _tested(catalog: Catalog, sweep_id: str, columns: str) -> pa.Table:
    params = "".join(
        f", {quoted(name)}" for name in catalog.schema.names if name.startswith(PARAMETER_PREFIX)
    )
    return catalog.arrow(
        f"select {columns}{params} from metrics where sweep_id = $1 and role = 'out_of_sample'",  # noqa: S608
        [sweep_id],
    )
