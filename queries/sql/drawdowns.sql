-- drawdowns: one row per drawdown of a run in details_latest: a stretch of closes below the peak before them.
-- Units: depth a positive fraction; bars_to_trough and bars_under_water in bars; times UTC, of bars.
-- Columns: rank = 1 for the run's deepest, the earlier of equal ones; peak_time = the last bar at the peak,
--     NULL if that is the initial capital; trough_time = the first bar at full depth; recovery_time = the
--     first bar at or above the peak again, NULL while it lasts; bars_to_trough counts from the peak.
-- Reads: equity_latest.
create or replace view drawdowns as
-- Every close without a loss begins a stretch, the capital the first one.
with stretches as (
    select
        sweep_id,
        run_id,
        strategy,
        symbol,
        time,
        drawdown,
        count_if(drawdown = 0) over curve as stretch,
        row_number() over curve as bar
    from equity_latest
    window curve as (partition by strategy, symbol, run_id order by time)
),

measured as (
    select
        sweep_id,
        run_id,
        strategy,
        symbol,
        stretch,
        min(time) filter (where drawdown = 0) as peak_time,
        min(bar) filter (where drawdown > 0) as first_under,
        arg_max(time, (drawdown, -bar)) as trough_time,
        arg_max(bar, (drawdown, -bar)) as trough_bar,
        max(drawdown) as depth, -- noqa: RF04
        count(*) filter (where drawdown > 0) as bars_under_water
    from stretches
    group by sweep_id, run_id, strategy, symbol, stretch
),

ended as (
    select -- noqa: ST06
        *,
        lead(peak_time) over (partition by strategy, symbol, run_id order by stretch) as recovery_time
    from measured
)

select -- noqa: ST06
    sweep_id,
    run_id,
    strategy,
    symbol,
    row_number() over (partition by strategy, symbol, run_id order by depth desc, stretch asc) as rank,
    peak_time,
    trough_time,
    recovery_time,
    depth,
    trough_bar - first_under + 1 as bars_to_trough,
    bars_under_water
from ended
where depth > 0;
