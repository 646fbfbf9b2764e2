-- details_latest: one row per run whose trades and equity are stored, the latest sweep's that has them.
-- Units: as details.
-- Reads: details.
create or replace view details_latest as
select runs.* -- noqa: AM04
from details as runs
qualify
    row_number() over (
        partition by runs.strategy, runs.symbol, runs.run_id order by runs.sweep_id desc
    ) = 1;
