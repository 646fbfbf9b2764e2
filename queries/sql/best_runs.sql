-- best_runs(metric, n, ...): one row per run_id, the n best by a metric in its natural direction.
-- Units: as metrics; rank_value is the metric; a run without it never ranks, ties by run_id.
-- Filters: NULL = any; metric is a column name as text, see metric_columns; role full.
-- Reads: search_runs, metric_columns.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,LT14
create or replace macro best_runs(
    metric := 'sharpe',
    n := 10,
    strategy := null,
    symbol := null,
    timeframe := null,
    sweep := null,
    min_trades := null
) as table
    select runs.* -- noqa: AM04
    from search_runs(
        columns(lambda column_name: column_name = metric),
        strategy := strategy,
        symbol := symbol,
        timeframe := timeframe,
        sweep := sweep,
        min_trades := min_trades,
        predicate := columns(lambda column_name: column_name = metric) is not null,
        descending := metric not in (
            select named.metric from main.metric_columns as named where named.better < 0
        ),
        n := n
    ) as runs;
