-- metric_columns: one row per metric that a run can have.
-- Units: better is +1 if higher is better, -1 if lower is better, 0 if it does not rank.
-- Reads: stored.metric_columns, which the catalog fills from the lake's schema.
create or replace view metric_columns as
select
    metric,
    unit,
    meaning,
    better
from stored.metric_columns;
