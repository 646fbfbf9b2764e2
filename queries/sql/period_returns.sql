-- period_returns(unit): one row per run in details_latest and day, week, month or year that has a bar.
-- Units: pnl and equity in quote currency; period_return and max_drawdown fractions; period UTC, its first
--     moment.
-- Columns: unit is text; a bar counts where it opens; pnl and period_return are against the equity before the
--     period (the initial capital at first), which is also the first peak of max_drawdown; both fractions are
--     NULL after ruin; trades_closed counts exits, the mark at the end of the data among them.
-- Reads: equity_latest, trades_latest.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,ST06
create or replace macro period_returns(unit) as table
    with placed as (
        select
            curve.*,
            date_trunc(unit, curve.time) as period
        from main.equity_latest as curve
    ),

    peaks as (
        select
            placed.*,
            max(greatest(placed.equity, placed.equity_before)) over (
                partition by placed.strategy, placed.symbol, placed.run_id, placed.period order by placed.time
            ) as peak
        from placed
    ),

    measured as (
        select
            peaks.sweep_id,
            peaks.run_id,
            peaks.strategy,
            peaks.symbol,
            peaks.period,
            arg_min_null(peaks.equity_before, peaks.time) as equity_before,
            arg_max(peaks.equity, peaks.time) as equity,
            max(1 - peaks.equity / nullif(peaks.peak, 0)) as max_drawdown,
            count(*) as bars
        from peaks
        group by peaks.sweep_id, peaks.run_id, peaks.strategy, peaks.symbol, peaks.period
    ),

    closed as (
        select
            trades.run_id,
            date_trunc(unit, trades.exit_time) as period,
            count(*) as trades
        from main.trades_latest as trades
        group by trades.run_id, date_trunc(unit, trades.exit_time)
    )

    select
        measured.sweep_id,
        measured.run_id,
        measured.strategy,
        measured.symbol,
        measured.period,
        measured.equity - measured.equity_before as pnl,
        measured.equity / nullif(measured.equity_before, 0) - 1 as period_return,
        measured.max_drawdown,
        coalesce(closed.trades, 0) as trades_closed,
        measured.bars,
        measured.equity
    from measured
    left join closed on measured.run_id = closed.run_id and measured.period = closed.period;
