-- sweep_storage: one row per sweep and table that it has rows in.
-- Units: size_bytes in bytes; a file of several sweeps counts for each by its rows.
-- Columns: shared_files = those of files that other sweeps have rows in, too, as compaction makes them. Only
--     these are read, one column of them. Tables that belong to no sweep (bars) are not here.
-- Reads: stored.file_groups, stored.shared_rows.
create or replace view sweep_storage as
with filled as (
    select
        sweep_id,
        table_name,
        files,
        0 as shared_files,
        row_count,
        size_bytes
    from stored.file_groups
    where sweep_id is not null
    union all
    select
        shared.sweep_id,
        shared.table_name,
        1 as files,
        1 as shared_files,
        shared.row_count,
        whole.size_bytes * shared.row_count / whole.row_count as size_bytes
    from stored.shared_rows as shared
    inner join stored.file_groups as whole
        on shared.table_name = whole.table_name and shared.path = whole.path
)

select
    sweep_id,
    table_name,
    cast(sum(files) as bigint) as files,
    cast(sum(shared_files) as bigint) as shared_files,
    cast(sum(row_count) as bigint) as row_count,
    cast(round(sum(size_bytes)) as bigint) as size_bytes
from filled
group by sweep_id, table_name;
