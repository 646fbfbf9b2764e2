-- pooled_trials(symbols, ...): one row per settings and window, over all of some symbols.
-- Units: bar_sharpe is the mean over the standard deviation (ddof 0) of the bar returns of all symbols taken
-- together, not annualised; NULL if they do not vary. Settings without a run on each symbol are left out.
-- Filters: symbols a list of distinct ones; sweep, strategy and timeframe as trial_runs; of parts above 1
-- one, by the hashes of the settings.
-- Reads: trial_runs.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03
create or replace macro pooled_trials(
    symbols,
    sweep := null,
    strategy := null,
    timeframe := null,
    parts := 1
) as table
    with pooled as (
        select
            runs.setting_hash,
            runs.period_start,
            runs.period_end,
            runs.n_bars,
            avg(runs.bar_mean) as bar_mean,
            avg(runs.bar_std * runs.bar_std * (1 - 1 / runs.n_bars) + runs.bar_mean * runs.bar_mean) as square
        from trial_runs(sweep := sweep, strategy := strategy, timeframe := timeframe) as runs
        where list_contains(symbols, runs.symbol) and runs.setting_hash % parts = 0
        group by runs.setting_hash, runs.period_start, runs.period_end, runs.n_bars
        having count(runs.bar_mean) = len(symbols) and count(runs.bar_std) = len(symbols)
    )

    -- A variance below this share of the mean square is rounding.
    select
        pooled.setting_hash,
        pooled.period_start,
        pooled.period_end,
        pooled.n_bars,
        case
            when pooled.square - pooled.bar_mean * pooled.bar_mean > 1e-12 * pooled.square
                then pooled.bar_mean / sqrt(pooled.square - pooled.bar_mean * pooled.bar_mean)
        end as bar_sharpe
    from pooled;
