-- sweep_buy_and_hold: one row per sweep, strategy, symbol and timeframe, over its runs of role full.
-- Units: returns and beating fractions; runs and compared in runs.
-- Columns: compared = runs that are held against buying and holding, which all further columns are over;
--     beating = share of them that beat it; buy_hold_return is their mean, as entry costs may be swept.
-- Reads: metrics.
create or replace view sweep_buy_and_hold as
select
    sweep_id,
    strategy,
    symbol,
    timeframe,
    count(*) as runs,
    count(beats_buy_hold) as compared,
    avg(cast(beats_buy_hold as integer)) as beating,
    avg(buy_hold_return) as buy_hold_return,
    median(excess_return) as median_excess_return,
    max(excess_return) as best_excess_return
from metrics
where role = 'full'
group by sweep_id, strategy, symbol, timeframe;
