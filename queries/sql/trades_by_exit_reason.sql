-- trades_by_exit_reason: one row per run in details_latest and exit reason of its trades.
-- Units: win_rate and mean_return fractions; total_pnl in quote currency; mean_bars_held in bars.
-- Columns: exit_reason as in trades; else as trades_by.
-- Reads: trades_by.
-- A bare name is a column of the trades that the macro reads.
-- noqa: disable=RF03
create or replace view trades_by_exit_reason as
select
    grouped.sweep_id,
    grouped.run_id,
    grouped.strategy,
    grouped.symbol,
    grouped.part as exit_reason,
    grouped.trades,
    grouped.win_rate,
    grouped.mean_return,
    grouped.total_pnl,
    grouped.mean_bars_held,
    grouped.profit_factor
from trades_by(exit_reason) as grouped;
