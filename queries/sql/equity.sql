-- equity: one row per bar of the curves of the runs whose details are whole.
-- Units: equity in quote currency; drawdown a positive fraction; position in units; time UTC.
-- Reads: stored.equity, stored.details.
create or replace view equity as
select
    sweep_id,
    run_id,
    time,
    equity,
    drawdown,
    position,
    strategy,
    symbol,
    date
from stored.equity
where (sweep_id, run_id) in (select (whole.sweep_id, whole.run_id) from stored.details as whole);
