-- equity_latest: one row per bar of the curves of the runs in details_latest.
-- Units: as equity; equity_before in quote currency.
-- Columns: equity_before = equity at the close before, at the first bar the initial capital; NULL there if
--     the run was ruined at its first close.
-- Reads: equity, details_latest, metrics.
create or replace view equity_latest as
with capitals as (
    select
        run_id,
        any_value(final_equity / nullif(1 + total_return, 0)) as capital
    from metrics
    where run_id in (select runs.run_id from details_latest as runs)
    group by run_id
),

-- What a run that ended in ruin had at first is told by its first close and the loss until then.
curves as (
    select
        curve.*,
        coalesce(capitals.capital, curve.equity / nullif(1 - curve.drawdown, 0)) as capital
    from equity as curve
    left join capitals on curve.run_id = capitals.run_id
    where (curve.sweep_id, curve.run_id) in (select (runs.sweep_id, runs.run_id) from details_latest as runs)
)

-- The capital comes of a division: a first close that differs by its last digits had no profit or loss.
select
    curves.* exclude (capital), -- noqa: AM04,RF03
    coalesce(
        lag(curves.equity) over (
            partition by curves.strategy, curves.symbol, curves.run_id order by curves.time
        ),
        if(abs(curves.equity - curves.capital) <= 1e-12 * curves.capital, curves.equity, curves.capital)
    ) as equity_before
from curves;
