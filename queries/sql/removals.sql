-- removals: one row per removal of a run, of a whole sweep, or of its failures (run_id is NULL then).
-- Units: runs; times UTC.
-- Reads: stored.removals.
create or replace view removals as
select
    sweep_id,
    run_id,
    removed_at,
    runs,
    reason,
    scope
from stored.removals;
