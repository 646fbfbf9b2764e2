-- block_statistics(sweep, symbols): one row per settings of a sweep, over all of some symbols.
-- Units: sums of bar returns and of their squares in 16 blocks, fractions, added up over the symbols.
-- setting_hash is the second half of run_id. Settings without block statistics on each symbol are left out.
-- Filters: symbols a list of distinct ones, whose windows are the same bars; NULL: each run by itself.
-- Reads: metrics.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03
create or replace macro block_statistics(sweep, symbols := null) as table
    with stored as (
        select
            cast('0x' || right(metrics.run_id, 16) as ubigint) as setting_hash,
            metrics.block_sums as sums,
            metrics.block_sumsqs as squares
        from main.metrics
        where
            metrics.sweep_id = sweep
            and metrics.role = 'full'
            and (symbols is null or list_contains(symbols, metrics.symbol))
            and isfinite(list_sum(metrics.block_sumsqs))
    )

    select
        stored.setting_hash,
        stored.sums as block_sums,
        stored.squares as block_sumsqs
    from stored
    where coalesce(len(symbols), 1) = 1
    union all
    -- Rounded to four bytes again, so that nothing depends on the order of adding up.
    select
        stored.setting_hash,
        [
            cast(sum(stored.sums[1]) as float),
            cast(sum(stored.sums[2]) as float),
            cast(sum(stored.sums[3]) as float),
            cast(sum(stored.sums[4]) as float),
            cast(sum(stored.sums[5]) as float),
            cast(sum(stored.sums[6]) as float),
            cast(sum(stored.sums[7]) as float),
            cast(sum(stored.sums[8]) as float),
            cast(sum(stored.sums[9]) as float),
            cast(sum(stored.sums[10]) as float),
            cast(sum(stored.sums[11]) as float),
            cast(sum(stored.sums[12]) as float),
            cast(sum(stored.sums[13]) as float),
            cast(sum(stored.sums[14]) as float),
            cast(sum(stored.sums[15]) as float),
            cast(sum(stored.sums[16]) as float)
        ] as block_sums,
        [
            cast(sum(stored.squares[1]) as float),
            cast(sum(stored.squares[2]) as float),
            cast(sum(stored.squares[3]) as float),
            cast(sum(stored.squares[4]) as float),
            cast(sum(stored.squares[5]) as float),
            cast(sum(stored.squares[6]) as float),
            cast(sum(stored.squares[7]) as float),
            cast(sum(stored.squares[8]) as float),
            cast(sum(stored.squares[9]) as float),
            cast(sum(stored.squares[10]) as float),
            cast(sum(stored.squares[11]) as float),
            cast(sum(stored.squares[12]) as float),
            cast(sum(stored.squares[13]) as float),
            cast(sum(stored.squares[14]) as float),
            cast(sum(stored.squares[15]) as float),
            cast(sum(stored.squares[16]) as float)
        ] as block_sumsqs
    from stored
    where len(symbols) > 1
    group by stored.setting_hash
    having count(*) = len(symbols);
