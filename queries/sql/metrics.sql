-- metrics: one row per run in a sweep and role.
-- Units: as lake/columns.py; returns and drawdowns fractions, times UTC; NULL = undefined.
-- Columns: the fixed ones, then param_<name> (NULL = off, or not of this strategy) and metric_<name>.
-- Reads: stored.metrics.
create or replace view metrics as
select runs.* -- noqa: AM04
from stored.metrics as runs;
