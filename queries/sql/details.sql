-- details: one row per run in a sweep whose trades and equity are stored.
-- Units: ulcer_index and avg_drawdown fractions; durations in bars.
-- Reads: stored.details.
create or replace view details as
select
    sweep_id,
    run_id,
    trades,
    equity_rows,
    ulcer_index,
    avg_drawdown,
    max_drawdown_bars,
    avg_drawdown_bars,
    strategy,
    symbol,
    date
from stored.details;
