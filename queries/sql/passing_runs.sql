-- passing_runs(rank_by, ...): one row per run in a sweep and role that passes every filter, in no order.
-- Units: as metrics; rank_value is the value of the expression rank_by.
-- Filters: NULL = any; since <= created_at < until; predicate is an expression over metrics.
-- Reads: metrics, passes.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,ST06
create or replace macro passing_runs(
    rank_by,
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
) as table
    select
        rank_by as rank_value,
        metrics.* exclude (block_sums, block_sumsqs) -- noqa: AM04
    from metrics
    where
        passes(
            strategy := strategy,
            symbol := symbol,
            timeframe := timeframe,
            sweep := sweep,
            role := role,
            min_sharpe := min_sharpe,
            max_drawdown := max_drawdown,
            min_trades := min_trades,
            since := since,
            until := until,
            predicate := predicate
        );
