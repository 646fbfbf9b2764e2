-- yearly_returns: one row per run in details_latest and calendar year that has a bar.
-- Units: year_return and max_drawdown fractions; pnl and equity in quote currency; year UTC.
-- Columns: as period_returns('year').
-- Reads: period_returns.
create or replace view yearly_returns as
select -- noqa: ST06
    yearly.sweep_id,
    yearly.run_id,
    yearly.strategy,
    yearly.symbol,
    year(yearly.period) as year, -- noqa: RF04
    yearly.pnl,
    yearly.period_return as year_return,
    yearly.max_drawdown,
    yearly.trades_closed,
    yearly.bars,
    yearly.equity
from period_returns('year') as yearly;
