-- search_runs(rank_by, ...): one row per run_id that passes every filter, best first.
-- Without a sweep each run_id comes once: of the rows that pass, the latest sweep's.
-- Units: as metrics; rank_value is the value of the expression rank_by; NULL ranks last, ties by run_id.
-- Filters: NULL = any; since <= created_at < until; predicate is an expression over metrics; n NULL = all.
-- Reads: metrics, passes.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,ST06
create or replace macro search_runs(
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
    predicate := true,
    descending := true,
    n := 100
) as table
    with passing as (
        select
            metrics.sweep_id,
            metrics.run_id,
            metrics.role,
            rank_by as rank_value
        from main.metrics
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
            )
        qualify
            row_number() over (
                partition by metrics.run_id
                order by metrics.sweep_id desc, metrics.created_at desc, metrics.role asc
            ) = 1
    ),

    top as (
        select
            passing.sweep_id,
            passing.run_id,
            passing.role,
            passing.rank_value
        from passing
        order by
            case when descending then passing.rank_value end desc nulls last,
            case when not descending then passing.rank_value end asc nulls last,
            passing.run_id asc
        limit n
    )

    select
        top.rank_value,
        metrics.* exclude (block_sums, block_sumsqs) -- noqa: AM04
    from top
    inner join main.metrics
        on top.sweep_id = metrics.sweep_id and top.run_id = metrics.run_id and top.role = metrics.role
    order by
        case when descending then top.rank_value end desc nulls last,
        case when not descending then top.rank_value end asc nulls last,
        top.run_id asc;
