-- trades_latest: one row per trade of the runs in details_latest.
-- Units: as trades.
-- Reads: trades, details_latest.
create or replace view trades_latest as
select trades.* -- noqa: AM04
from trades
where (trades.sweep_id, trades.run_id) in (select (runs.sweep_id, runs.run_id) from details_latest as runs);
