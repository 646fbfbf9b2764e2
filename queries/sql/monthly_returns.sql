-- monthly_returns: one row per run in details_latest and calendar month that has a bar.
-- Units: month_return and max_drawdown fractions; pnl and equity in quote currency; month a UTC date, its
--     first day.
-- Columns: as period_returns('month').
-- Reads: period_returns.
create or replace view monthly_returns as
select -- noqa: ST06
    monthly.sweep_id,
    monthly.run_id,
    monthly.strategy,
    monthly.symbol,
    cast(monthly.period as date) as month, -- noqa: RF04
    monthly.pnl,
    monthly.period_return as month_return,
    monthly.max_drawdown,
    monthly.trades_closed,
    monthly.bars,
    monthly.equity
from period_returns('month') as monthly;
