-- sweep_quantiles(sweep): one row per main metric of a sweep, over its runs of role full.
-- Units: each metric's own, see metric_columns; runs counts the runs that have the metric.
-- Reads: metrics.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03
create or replace macro sweep_quantiles(sweep) as table
    with chosen as (
        select
            unnest([
                { 'place': 1, 'metric': 'total_return', 'value': metrics.total_return },
                { 'place': 2, 'metric': 'cagr', 'value': metrics.cagr },
                { 'place': 3, 'metric': 'volatility', 'value': metrics.volatility },
                { 'place': 4, 'metric': 'sharpe', 'value': metrics.sharpe },
                { 'place': 5, 'metric': 'sortino', 'value': metrics.sortino },
                { 'place': 6, 'metric': 'calmar', 'value': metrics.calmar },
                { 'place': 7, 'metric': 'max_drawdown', 'value': metrics.max_drawdown },
                { 'place': 8, 'metric': 'num_trades', 'value': cast(metrics.num_trades as double) },
                { 'place': 9, 'metric': 'win_rate', 'value': metrics.win_rate },
                { 'place': 10, 'metric': 'profit_factor', 'value': metrics.profit_factor },
                { 'place': 11, 'metric': 'exposure', 'value': metrics.exposure },
                { 'place': 12, 'metric': 'excess_return', 'value': metrics.excess_return }
            ]) as entry
        from metrics
        where metrics.sweep_id = sweep and metrics.role = 'full'
    ),

    measured as (
        select
            entry.place,
            entry.metric,
            count(entry.value) as runs,
            avg(entry.value) as mean,
            quantile_cont(entry.value, [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0]) as quantiles
        from chosen
        group by entry.place, entry.metric
    )

    select
        metric,
        runs,
        mean,
        quantiles[1] as minimum,
        quantiles[2] as p05,
        quantiles[3] as p25,
        quantiles[4] as median,
        quantiles[5] as p75,
        quantiles[6] as p95,
        quantiles[7] as maximum
    from measured
    order by place;
