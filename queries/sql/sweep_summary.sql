-- sweep_summary: one row per sweep with what is stored of it.
-- Units: counts in runs; seconds of wall time; best_sharpe a ratio a year; times UTC.
-- Columns: done = runs with metrics; failed = runs in failures; best_sharpe over role full.
-- Reads: sweeps, metrics, details, failures.
-- "at" is a keyword to DuckDB, not to the linter.
-- noqa: disable=RF06
create or replace view sweep_summary as
with stored_runs as (
    select
        sweep_id,
        count(*) as done,
        max(sharpe) filter (where role = 'full') as best_sharpe,
        median(sharpe) filter (where role = 'full') as median_sharpe,
        sum(duration_sec) as compute_seconds
    from metrics
    group by sweep_id
),

failed_runs as (
    select
        sweep_id,
        count(*) as failed
    from failures
    group by sweep_id
),

detailed_runs as (
    select
        sweep_id,
        count(*) as detailed
    from details
    group by sweep_id
)

-- Counts stand beside the counts that they answer to.
select -- noqa: ST06
    sweeps.sweep_id,
    sweeps.name,
    sweeps.status,
    sweeps.strategy,
    sweeps.symbols,
    sweeps.timeframe,
    sweeps.started_at,
    sweeps."at" as updated_at,
    sweeps.seconds,
    sweeps.runs,
    coalesce(stored_runs.done, 0) as done,
    coalesce(failed_runs.failed, 0) as failed,
    sweeps.computed,
    sweeps.reused,
    coalesce(detailed_runs.detailed, 0) as detailed,
    stored_runs.best_sharpe,
    stored_runs.median_sharpe,
    stored_runs.compute_seconds,
    sweeps.error
from sweeps
left join stored_runs on sweeps.sweep_id = stored_runs.sweep_id
left join failed_runs on sweeps.sweep_id = failed_runs.sweep_id
left join detailed_runs on sweeps.sweep_id = detailed_runs.sweep_id;
