-- runs_latest: one row per run_id and role, the latest sweep's.
-- Units: as metrics.
-- Reads: metrics.
create or replace view runs_latest as
select runs.* -- noqa: AM04
from metrics as runs
qualify
    row_number() over (
        partition by runs.run_id, runs.role order by runs.sweep_id desc, runs.created_at desc
    ) = 1;
