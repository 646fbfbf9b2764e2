-- splits: one row per span of a split of a walk-forward: what it chooses on, and what it tests on.
-- Units: times UTC; span_start is inclusive, span_end exclusive.
-- Columns: role = in_sample or out_of_sample; path = which test of its span it is, by split: 1 unless
--     splits are combinatorial; NULL in sample.
-- Reads: sweeps.
-- "start" and "end" are keys of the JSON; split is no keyword to DuckDB.
-- noqa: disable=RF04,RF06,AL09,LT09
create or replace view splits as
with documents as (
    select
        sweep_id,
        from_json(
            splits,
            '{
                "spans": [{"span": "INTEGER", "start": "TIMESTAMPTZ", "end": "TIMESTAMPTZ"}],
                "splits": [{"split": "INTEGER", "train": ["INTEGER"], "test": ["INTEGER"]}]
            }'
        ) as document
    from sweeps
    where splits is not null
),

spans as (
    select
        documents.sweep_id,
        unnest(documents.document.spans) as cut
    from documents
),

numbered as (
    select
        documents.sweep_id,
        unnest(documents.document.splits) as cut
    from documents
),

used as (
    select
        numbered.sweep_id,
        numbered.cut.split as split,
        'in_sample' as role,
        unnest(numbered.cut.train) as span
    from numbered
    union all
    select
        numbered.sweep_id,
        numbered.cut.split as split,
        'out_of_sample' as role,
        unnest(numbered.cut.test) as span
    from numbered
)

select
    used.sweep_id,
    used.split,
    used.role,
    used.span,
    spans.cut."start" as span_start,
    spans.cut."end" as span_end,
    case
        when used.role = 'out_of_sample'
            then row_number() over (partition by used.sweep_id, used.role, used.span order by used.split)
    end as path
from used
inner join spans on used.sweep_id = spans.sweep_id and used.span = spans.cut.span;
