-- day_positions(run, day): one row per trade of a run that was open at some time of a UTC day.
-- Units: pnl_so_far in quote currency, after costs; return_so_far a fraction of the entry notional; times
--     UTC.
-- Columns: opened, closed = whether that was on the day; pnl_so_far = what the trade came to if it was closed
--     by the day's end, else at the last close until then: equity less the capital and what closed trades
--     brought, NULL if several trades are open then.
-- Reads: trades_latest, equity_latest.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,ST06
create or replace macro day_positions(run, day) as table
    with bounds as (
        select
            cast(cast(day as date) as timestamptz) as midnight,
            cast(cast(day as date) + 1 as timestamptz) as next_day
    ),

    entered as (
        select
            trades.*,
            trades.entry_time >= bounds.midnight as opened,
            trades.exit_time < bounds.next_day as closed
        from main.trades_latest as trades
        cross join bounds
        where trades.run_id = run and trades.entry_time < bounds.next_day
    ),

    account as (
        select arg_max(curve.equity, curve.time) - arg_min_null(curve.equity_before, curve.time) as gained
        from main.equity_latest as curve
        cross join bounds
        where curve.run_id = run and curve.time < bounds.next_day
    ),

    book as (
        select
            coalesce(sum(entered.pnl) filter (where entered.closed), 0) as realised,
            count(*) filter (where not entered.closed) as still_open
        from entered
    ),

    valued as (
        select
            entered.*,
            case
                when entered.closed then entered.pnl
                when book.still_open = 1 then account.gained - book.realised
            end as pnl_so_far
        from entered
        cross join account
        cross join book
    )

    select
        valued.trade,
        valued.side,
        valued.quantity,
        valued.entry_time,
        valued.entry_price,
        valued.exit_time,
        valued.opened,
        valued.closed,
        valued.pnl_so_far,
        valued.pnl_so_far / nullif(valued.entry_price * valued.quantity, 0) as return_so_far
    from valued
    cross join bounds
    where valued.exit_time >= bounds.midnight
    order by valued.trade;
