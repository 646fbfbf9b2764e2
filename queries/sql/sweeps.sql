-- sweeps: one row per sweep, its newest state.
-- Units: runs; seconds of wall time; times UTC; parameters, config, bars, versions and trials are JSON.
-- Reads: stored.sweeps.
-- "at" is a keyword to DuckDB, not to the linter.
-- noqa: disable=RF06
create or replace view sweeps as
select
    sweep_id,
    "at",
    status,
    name,
    owner,
    strategy,
    symbols,
    timeframe,
    started_at,
    seconds,
    runs,
    computed,
    reused,
    failed,
    fresh,
    simulation_version,
    strategy_code,
    strategy_source,
    parameters,
    config,
    splits,
    bars,
    versions,
    trials,
    error
from stored.sweeps
qualify row_number() over (partition by sweep_id order by "at" desc, seconds desc) = 1;
