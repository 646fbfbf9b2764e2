-- daily_pnl: one row per run in details_latest and UTC day that has a bar.
-- Units: pnl and equity in quote currency; day_return a fraction of the equity before; day a UTC date.
-- Columns: as period_returns('day').
-- Reads: period_returns.
create or replace view daily_pnl as
select
    daily.sweep_id,
    daily.run_id,
    daily.strategy,
    daily.symbol,
    cast(daily.period as date) as day, -- noqa: RF04
    daily.pnl,
    daily.period_return as day_return,
    daily.trades_closed,
    daily.bars,
    daily.equity
from period_returns('day') as daily;
