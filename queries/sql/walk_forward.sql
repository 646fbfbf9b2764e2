-- walk_forward: one row per split, symbol and span that its choice was tested on, with the choice.
-- Units: as metrics; in_sample_ columns are means over those of the spans that it was chosen on which have
--     the metric, weighted by bars, in_sample_trades is their sum; times UTC, span_end exclusive.
-- Columns: every column of metrics is that of the run out of sample; path as in splits.
-- Reads: metrics, splits.
-- noqa: disable=RF02,ST06
create or replace view walk_forward as
with tested as (
    select
        splits.split,
        splits.path,
        splits.span_start,
        splits.span_end,
        runs.sweep_id,
        runs.run_id,
        runs.symbol
    from metrics as runs
    inner join splits
        on
            runs.sweep_id = splits.sweep_id
            and runs.span = splits.span
            and list_contains(runs.splits, splits.split)
    where runs.role = 'out_of_sample' and splits.role = 'out_of_sample'
),

chosen_on as (
    select
        tested.sweep_id,
        tested.run_id,
        tested.split,
        min(trained.span_start) as train_start,
        max(trained.span_end) as train_end,
        sum(runs.sharpe * runs.n_bars)
        / sum(runs.n_bars) filter (where runs.sharpe is not null) as in_sample_sharpe,
        sum(runs.cagr * runs.n_bars)
        / sum(runs.n_bars) filter (where runs.cagr is not null) as in_sample_cagr,
        sum(runs.max_drawdown * runs.n_bars)
        / sum(runs.n_bars) filter (where runs.max_drawdown is not null) as in_sample_max_drawdown,
        cast(sum(runs.num_trades) as bigint) as in_sample_trades
    from tested
    inner join splits as trained
        on
            tested.sweep_id = trained.sweep_id
            and tested.split = trained.split
            and trained.role = 'in_sample'
    left join metrics as runs
        on
            tested.sweep_id = runs.sweep_id
            and tested.symbol = runs.symbol
            and trained.span = runs.span
            and right(tested.run_id, 16) = right(runs.run_id, 16)
            and runs.role = 'in_sample'
    group by tested.sweep_id, tested.run_id, tested.split
)

select
    tested.split,
    tested.path,
    chosen_on.train_start,
    chosen_on.train_end,
    tested.span_start as test_start,
    tested.span_end as test_end,
    chosen_on.in_sample_sharpe,
    chosen_on.in_sample_cagr,
    chosen_on.in_sample_max_drawdown,
    chosen_on.in_sample_trades,
    runs.* exclude (block_sums, block_sumsqs) -- noqa: AM04
from tested
inner join chosen_on
    on
        tested.sweep_id = chosen_on.sweep_id
        and tested.run_id = chosen_on.run_id
        and tested.split = chosen_on.split
inner join metrics as runs
    on tested.sweep_id = runs.sweep_id and tested.run_id = runs.run_id;
