-- walk_forward_summary: one row per sweep, symbol and path: what its stitched out-of-sample curve came to.
-- Units: returns and drawdowns fractions; sharpe a ratio a year, of returns above 0; times UTC.
-- Columns: splits = tested spans; profitable = share of them with a gain; in_sample_cagr and in_sample_sharpe
--     = means of what the splits chose by; efficiency = mean cagr out of sample / in sample (walk-forward
--     efficiency: Pardo, The Evaluation and Optimization of Trading Strategies, 2008), NULL unless both
--     were computed and the latter is above 0. Metrics of curves are NULL where no equity is stored.
-- Reads: walk_forward, walk_forward_equity.
create or replace view walk_forward_summary as
with curves as (
    select
        sweep_id,
        symbol,
        path,
        max(drawdown) as max_drawdown,
        avg(bar_return) / nullif(stddev_samp(bar_return), 0) as bar_sharpe
    from walk_forward_equity
    group by sweep_id, symbol, path
),

tested as (
    select -- noqa: ST06
        sweep_id,
        strategy,
        symbol,
        path,
        count(*) as splits,
        min(period_start) as first_bar,
        max(period_end) as last_bar,
        cast(sum(n_bars) as bigint) as n_bars,
        any_value(periods_per_year) as periods_per_year,
        product(1 + total_return) as grown,
        cast(sum(num_trades) as bigint) as num_trades,
        avg(cast(total_return > 0 as integer)) as profitable,
        avg(in_sample_cagr) as in_sample_cagr,
        avg(in_sample_sharpe) as in_sample_sharpe,
        avg(cagr) as mean_cagr
    from walk_forward
    group by sweep_id, strategy, symbol, path
)

select -- noqa: ST06
    tested.sweep_id,
    tested.strategy,
    tested.symbol,
    tested.path,
    tested.splits,
    tested.first_bar,
    tested.last_bar,
    tested.n_bars,
    tested.grown - 1 as total_return,
    tested.grown ** (tested.periods_per_year / tested.n_bars) - 1 as cagr,
    curves.bar_sharpe * sqrt(tested.periods_per_year) as sharpe,
    curves.max_drawdown,
    tested.num_trades,
    tested.profitable,
    tested.in_sample_cagr,
    tested.in_sample_sharpe,
    case when tested.in_sample_cagr > 0 then tested.mean_cagr / tested.in_sample_cagr end as efficiency
from tested
left join curves
    on tested.sweep_id = curves.sweep_id and tested.symbol = curves.symbol and tested.path = curves.path;
