-- passes(...): one row per row of metrics: whether it passes every filter.
-- Units: as metrics.
-- Filters: NULL = any; since <= created_at < until; predicate is an expression over metrics.
-- Reads: the columns of what the query calls metrics.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03
create or replace macro passes(
    strategy := null,
    symbol := null,
    timeframe := null,
    sweep := null,
    role := 'full',
    min_sharpe := null,
    max_drawdown := null,
    min_trades := null,
    since := null,
    until := null,
    predicate := true
) as (
    (strategy is null or metrics.strategy = strategy)
    and (symbol is null or metrics.symbol = symbol)
    and (timeframe is null or metrics.timeframe = timeframe)
    and (sweep is null or metrics.sweep_id = sweep)
    and (role is null or metrics.role = role)
    and (min_sharpe is null or metrics.sharpe >= min_sharpe)
    and (max_drawdown is null or metrics.max_drawdown <= max_drawdown)
    and (min_trades is null or metrics.num_trades >= min_trades)
    and (since is null or metrics.created_at >= cast(since as timestamptz))
    and (until is null or metrics.created_at < cast(until as timestamptz))
    and predicate
);
