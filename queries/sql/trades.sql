-- trades: one row per trade of the runs whose details are whole.
-- Units: money in quote currency; return, mae and mfe fractions; times UTC.
-- Reads: stored.trades, stored.details.
create or replace view trades as
select
    sweep_id,
    run_id,
    trade,
    side,
    entry_time,
    exit_time,
    entry_price,
    exit_price,
    quantity,
    gross_pnl,
    pnl,
    return,
    fees,
    borrow_cost,
    bars_held,
    mae,
    mfe,
    exit_reason,
    entry_indicators,
    exit_indicators,
    strategy,
    symbol,
    date
from stored.trades
where (sweep_id, run_id) in (select (whole.sweep_id, whole.run_id) from stored.details as whole);
