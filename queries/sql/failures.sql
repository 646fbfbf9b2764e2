-- failures: one row per run that failed in a sweep.
-- Units: times UTC; params is JSON.
-- Reads: stored.failures.
create or replace view failures as
select
    sweep_id,
    run_id,
    strategy,
    symbol,
    timeframe,
    created_at,
    params,
    cause,
    error,
    traceback,
    date
from stored.failures;
