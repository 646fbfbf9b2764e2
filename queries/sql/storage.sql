-- storage: one row per table that has files.
-- Units: size_bytes in bytes, of the files that the snapshot shows: what vacuum has yet to take is not
--     among them.
-- Reads: stored.file_groups, which the catalog fills from the log.
create or replace view storage as
select
    table_name,
    cast(sum(files) as bigint) as files,
    cast(sum(row_count) as bigint) as row_count,
    cast(sum(size_bytes) as bigint) as size_bytes
from stored.file_groups
group by table_name;
