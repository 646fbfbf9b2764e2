-- bars: one row per bar of a symbol at a timeframe; further columns are the user's own, by name.
-- Units: prices in quote currency; time UTC, the bar's open.
-- Reads: stored.bars.
create or replace view bars as
select prices.* -- noqa: AM04
from stored.bars as prices;
