-- trials(sweep, strategy, timeframe): one row per symbol, what its runs of role full have for Sharpe ratios.
-- Units: trials counts the runs that have one; ratios of bar returns, not annualised; variance of ddof 1.
-- Filters: as trial_runs.
-- Reads: trial_runs.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03
create or replace macro trials(sweep := null, strategy := null, timeframe := null) as table
    select
        runs.symbol,
        count(runs.bar_sharpe) as trials,
        avg(runs.bar_sharpe) as mean,
        var_samp(runs.bar_sharpe) as variance
    from trial_runs(sweep := sweep, strategy := strategy, timeframe := timeframe) as runs
    group by runs.symbol;
