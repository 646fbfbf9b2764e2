-- leaderboard(metric, n, ...): one row per parameter set of a strategy and timeframe, best first.
-- Units: mean, worst and best in the metric's unit; profitable a fraction.
-- Columns, filters and order: as parameter_sets; metric is a column name as text, see metric_columns, and its
--     natural direction tells worst from best.
-- Reads: parameter_sets, metric_columns.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03,LT14
create or replace macro leaderboard(
    metric := 'sharpe',
    n := 10,
    strategy := null,
    sweep := null,
    timeframe := null,
    min_trades := null,
    min_symbols := null,
    order_by := 'mean'
) as table
    select ranked.* -- noqa: AM04
    from parameter_sets(
        columns(lambda column_name: column_name = metric),
        strategy := strategy,
        sweep := sweep,
        timeframe := timeframe,
        min_trades := min_trades,
        min_symbols := min_symbols,
        order_by := order_by,
        descending := metric not in (
            select named.metric from main.metric_columns as named where named.better < 0
        ),
        n := n
    ) as ranked;
