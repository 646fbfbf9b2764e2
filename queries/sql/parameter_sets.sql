-- parameter_sets(rank_by, ...): one row per parameter set of a strategy and timeframe, over its symbols.
-- Units: mean, worst and best in the unit of the expression rank_by; profitable a fraction.
-- Columns: parameter_set = the second half of run_id, the hash of all settings; symbols = those whose run has
--     a value, which mean (to 13 digits), worst and best are over; missing = other symbols of the runs that
--     were asked about; profitable = share of its runs with a gain; num_trades = of all its runs; best_run =
--     the run of its best value; then param_<name>.
-- Filters: NULL = any; min_trades and min_symbols are about the whole set; n NULL = all.
-- Order: by mean, worst, best or profitable, the good end first (descending tells it); ties by strategy,
--     timeframe and parameter_set. A set counts one run a symbol, the latest sweep's; role full. A set
--     without any value has no row.
-- Reads: metrics.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,ST06,LT09
create or replace macro parameter_sets(
    rank_by,
    strategy := null,
    sweep := null,
    timeframe := null,
    min_trades := null,
    min_symbols := null,
    order_by := 'mean',
    descending := true,
    n := 10
) as table
    -- A sweep has one run of a set and symbol, and so needs no window over all its runs.
    with asked as (
        select
            metrics.run_id,
            metrics.strategy,
            metrics.timeframe,
            right(metrics.run_id, 16) as parameter_set,
            cast(rank_by as double) as rank_value,
            metrics.total_return,
            metrics.num_trades
        from main.metrics
        where
            metrics.role = 'full'
            and (strategy is null or metrics.strategy = strategy)
            and (sweep is null or metrics.sweep_id = sweep)
            and (timeframe is null or metrics.timeframe = timeframe)
        qualify
            sweep is not null
            or row_number() over (
                partition by metrics.strategy, metrics.timeframe, metrics.symbol, right(metrics.run_id, 16)
                order by metrics.sweep_id desc, metrics.created_at desc, metrics.run_id asc
            ) = 1
    ),

    offered as (
        select
            metrics.strategy,
            metrics.timeframe,
            count(distinct metrics.symbol) as symbols
        from main.metrics
        where metrics.role = 'full' and (sweep is null or metrics.sweep_id = sweep)
        group by metrics.strategy, metrics.timeframe
    ),

    measured as (
        select
            asked.strategy,
            asked.timeframe,
            asked.parameter_set,
            count(asked.rank_value) as symbols,
            avg(asked.rank_value) as mean,
            min(asked.rank_value) as lowest,
            max(asked.rank_value) as highest,
            avg(cast(asked.total_return > 0 as integer)) as profitable,
            cast(sum(asked.num_trades) as bigint) as num_trades,
            arg_min(asked.run_id, (if(descending, -asked.rank_value, asked.rank_value), asked.run_id))
            filter (where asked.rank_value is not null) as best_run
        from asked
        group by asked.strategy, asked.timeframe, asked.parameter_set
    ),

    -- Threads add in any order: the last digits of a mean are chance, and would part equal sets.
    compared as (
        select
            measured.strategy,
            measured.timeframe,
            measured.parameter_set,
            measured.symbols,
            offered.symbols - measured.symbols as missing,
            cast(printf('%.12e', measured.mean) as double) as mean,
            if(descending, measured.lowest, measured.highest) as worst,
            if(descending, measured.highest, measured.lowest) as best,
            measured.profitable,
            measured.num_trades,
            measured.best_run
        from measured
        inner join offered
            on measured.strategy = offered.strategy and measured.timeframe = offered.timeframe
        where
            measured.symbols >= greatest(coalesce(min_symbols, 1), 1)
            and (min_trades is null or measured.num_trades >= min_trades)
    ),

    top as (
        select
            compared.*,
            case order_by
                when 'mean' then if(descending, compared.mean, -compared.mean)
                when 'worst' then if(descending, compared.worst, -compared.worst)
                when 'best' then if(descending, compared.best, -compared.best)
                when 'profitable' then compared.profitable
                else error('order_by is mean, worst, best or profitable')
            end as goodness
        from compared
        order by
            goodness desc nulls last,
            compared.strategy asc,
            compared.timeframe asc,
            compared.parameter_set asc
        limit n
    ),

    settings as (
        select columns(lambda name: name = 'run_id' or starts_with(name, 'param_')) -- noqa: AM04
        from main.metrics
        where metrics.run_id in (select top.best_run from top)
        qualify
            row_number() over (
                partition by metrics.run_id order by metrics.sweep_id desc, metrics.created_at desc
            ) = 1
    )

    select
        top.strategy,
        top.timeframe,
        top.parameter_set,
        top.symbols,
        top.missing,
        top.mean,
        top.worst,
        top.best,
        top.profitable,
        top.num_trades,
        top.best_run,
        settings.* exclude (run_id) -- noqa: AM04
    from top
    inner join settings on top.best_run = settings.run_id
    order by top.goodness desc nulls last, top.strategy asc, top.timeframe asc, top.parameter_set asc;
