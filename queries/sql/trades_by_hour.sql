-- trades_by_hour: one row per run in details_latest and UTC hour of the entry of its trades.
-- Units: win_rate and mean_return fractions; total_pnl in quote currency; mean_bars_held in bars.
-- Columns: hour = 0 to 23, of the bar that filled the entry; else as trades_by.
-- Reads: trades_by.
-- A bare name is a column of the trades that the macro reads.
-- noqa: disable=RF03
create or replace view trades_by_hour as
select
    grouped.sweep_id,
    grouped.run_id,
    grouped.strategy,
    grouped.symbol,
    grouped.part as hour, -- noqa: RF04
    grouped.trades,
    grouped.win_rate,
    grouped.mean_return,
    grouped.total_pnl,
    grouped.mean_bars_held,
    grouped.profit_factor
from trades_by(hour(entry_time)) as grouped;
