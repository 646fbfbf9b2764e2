-- trades_by_weekday: one row per run in details_latest and UTC weekday of the entry of its trades.
-- Units: win_rate and mean_return fractions; total_pnl in quote currency; mean_bars_held in bars.
-- Columns: weekday = 1 for Monday to 7 for Sunday, of the bar that filled the entry; else as trades_by.
-- Reads: trades_by.
-- A bare name is a column of the trades that the macro reads.
-- noqa: disable=RF03
create or replace view trades_by_weekday as
select
    grouped.sweep_id,
    grouped.run_id,
    grouped.strategy,
    grouped.symbol,
    grouped.part as weekday, -- noqa: RF04
    grouped.trades,
    grouped.win_rate,
    grouped.mean_return,
    grouped.total_pnl,
    grouped.mean_bars_held,
    grouped.profit_factor
from trades_by(isodow(entry_time)) as grouped;
