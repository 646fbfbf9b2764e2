-- trades_by(part): one row per run in details_latest and value of an expression over its trades.
-- Units: win_rate and mean_return fractions; total_pnl in quote currency; mean_bars_held in bars.
-- Columns: part = value of the expression, such as side or year(entry_time); a trade wins if its pnl is above
--     0; profit_factor = winning / losing pnl, NULL without losses.
-- Reads: trades_latest.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,ST06
create or replace macro trades_by(part) as table
    with parted as (
        select
            trades.*,
            part as part_of
        from main.trades_latest as trades
    )

    select
        parted.sweep_id,
        parted.run_id,
        parted.strategy,
        parted.symbol,
        parted.part_of as part,
        count(*) as trades,
        avg(cast(parted.pnl > 0 as integer)) as win_rate,
        avg(parted.return) as mean_return,
        sum(parted.pnl) as total_pnl,
        avg(parted.bars_held) as mean_bars_held,
        coalesce(sum(parted.pnl) filter (where parted.pnl > 0), 0)
        / -sum(parted.pnl) filter (where parted.pnl < 0) as profit_factor
    from parted
    group by parted.sweep_id, parted.run_id, parted.strategy, parted.symbol, parted.part_of;
