-- failures_by_cause(sweep): one row per cause of failed runs of a sweep, the most frequent first.
-- Units: counts in runs; error and params are those of the cause's first run_id.
-- Reads: failures.
-- A bare name is a parameter of the macro, a qualified one a column.
-- noqa: disable=RF02,RF03
create or replace macro failures_by_cause(sweep) as table
    select
        failures.cause,
        count(*) as runs,
        arg_min(failures.error, failures.run_id) as error,
        arg_min(failures.params, failures.run_id) as params
    from main.failures
    where failures.sweep_id = sweep
    group by failures.cause
    order by runs desc, failures.cause asc;
