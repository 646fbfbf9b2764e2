-- trial_runs(sweep, strategy, timeframe): one row per run of role full, as a trial of its strategy.
-- Units: bar_mean and bar_std are a bar's return above the risk-free rate and its standard deviation,
-- fractions; bar_sharpe is their ratio, NULL if undefined. setting_hash is the second half of run_id.
-- Filters: of a sweep; or, if sweep is NULL, of a strategy at a timeframe, each run_id once.
-- Reads: metrics.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03
create or replace macro trial_runs(sweep := null, strategy := null, timeframe := null) as table
    with asked as (
        select
            metrics.run_id,
            metrics.symbol,
            metrics.period_start,
            metrics.period_end,
            metrics.n_bars,
            metrics.periods_per_year,
            metrics.sharpe,
            metrics.volatility,
            metrics.skew,
            metrics.kurtosis
        from main.metrics
        where sweep is not null and metrics.sweep_id = sweep and metrics.role = 'full'
        union all
        select
            metrics.run_id,
            metrics.symbol,
            metrics.period_start,
            metrics.period_end,
            metrics.n_bars,
            metrics.periods_per_year,
            metrics.sharpe,
            metrics.volatility,
            metrics.skew,
            metrics.kurtosis
        from main.metrics
        where
            sweep is null
            and metrics.strategy = strategy
            and metrics.timeframe = timeframe
            and metrics.role = 'full'
        qualify row_number() over (partition by metrics.run_id order by metrics.sweep_id desc) = 1
    )

    -- A run that never trades has returns of 0 and no ratio.
    select
        asked.run_id,
        asked.skew,
        asked.kurtosis,
        cast('0x' || right(asked.run_id, 16) as ubigint) as setting_hash,
        asked.symbol,
        asked.period_start,
        asked.period_end,
        asked.n_bars,
        asked.periods_per_year,
        case
            when asked.sharpe is null and asked.volatility = 0 then 0
            else asked.sharpe * asked.volatility / asked.periods_per_year
        end as bar_mean,
        asked.volatility / sqrt(asked.periods_per_year) as bar_std,
        asked.sharpe / sqrt(asked.periods_per_year) as bar_sharpe
    from asked;
