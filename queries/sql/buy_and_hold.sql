-- buy_and_hold: one row per run_id of role full, the latest sweep's, held against buying and holding.
-- Units: returns fractions, of the window from period_start to period_end; times UTC.
-- Columns: excess_return = total_return - buy_hold_return, the latter all-in at the window's first fill with
--     entry costs; beats_buy_hold = whether it is above 0; NULL where a backtester told no bars to hold.
-- Reads: runs_latest.
create or replace view buy_and_hold as
select
    sweep_id,
    run_id,
    strategy,
    symbol,
    timeframe,
    period_start,
    period_end,
    total_return,
    buy_hold_return,
    excess_return,
    beats_buy_hold
from runs_latest
where role = 'full';
