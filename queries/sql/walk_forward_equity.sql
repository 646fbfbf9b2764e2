-- walk_forward_equity: one row per bar of the stitched out-of-sample curve of a symbol and path.
-- Units: equity in quote currency, from the first span's capital on, each span beginning where the last one
--     ended; drawdown a positive fraction, over the whole curve; bar_return
--     a fraction, the first against the capital, NULL after ruin; position in units of the span's own run;
--     time UTC.
-- Columns: path as in splits; run_id and span are those of the run that the bar is from.
-- Reads: walk_forward, equity.
create or replace view walk_forward_equity as
with tested as (
    select
        sweep_id,
        run_id,
        strategy,
        symbol,
        span,
        path,
        final_equity / nullif(1 + total_return, 0) as capital,
        coalesce(
            product(1 + total_return) over (
                partition by sweep_id, symbol, path
                order by test_start
                rows between unbounded preceding and 1 preceding
            ),
            1
        ) as grown
    from walk_forward
),

-- What a span that ended in ruin had at first is told by its first close and the loss until then.
curves as (
    select -- noqa: ST06
        tested.sweep_id,
        tested.strategy,
        tested.symbol,
        tested.path,
        tested.span,
        tested.run_id,
        curve.time,
        curve.equity,
        curve.position,
        tested.grown,
        coalesce(
            tested.capital,
            first_value(curve.equity / (1 - curve.drawdown)) over (
                partition by tested.sweep_id, tested.path, tested.run_id order by curve.time
            )
        ) as capital
    from tested
    inner join equity as curve on tested.sweep_id = curve.sweep_id and tested.run_id = curve.run_id
),

stitched as (
    select
        *,
        grown * equity / capital as growth,
        first_value(capital) over (partition by sweep_id, symbol, path order by time) as first_capital
    from curves
)

select -- noqa: ST06
    sweep_id,
    strategy,
    symbol,
    path,
    span,
    run_id,
    time,
    first_capital * growth as equity,
    1 - growth / greatest(
        1,
        max(growth) over (partition by sweep_id, symbol, path order by time)
    ) as drawdown,
    growth / nullif(lag(growth, 1, 1) over (partition by sweep_id, symbol, path order by time), 0)
    - 1 as bar_return,
    position
from stitched;
