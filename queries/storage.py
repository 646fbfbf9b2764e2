"""Storage: what the tables and sweeps of a lake take."""

import pyarrow as pa

from queries.catalog import Catalog
from queries.sweep import sweep_row


def table_storage(catalog: Catalog) -> pa.Table:
    """Return the view `storage`: files, rows and bytes of each table that has files, the largest first."""
    return catalog.arrow("select * from storage order by size_bytes desc, table_name")


def sweep_storage(catalog: Catalog, sweep_id: str | None = None) -> pa.Table:
    """Return the view `sweep_storage`, of one sweep or of all, by table, the newest sweep first.

    Raises:
        UnknownNameError: If there is no such sweep.
    """
    if sweep_id is not None:
        sweep_row(catalog, sweep_id)
    return catalog.arrow(
        """
        select * from sweep_storage where $1 is null or sweep_id = $1
        order by sweep_id desc, size_bytes desc, table_name
        """,
        [sweep_id],
    )


def sweep_totals(catalog: Catalog) -> pa.Table:
    """Return files, shared_files, row_count and size_bytes of each sweep over all tables, newest first."""
    return catalog.arrow(
        """
        select
            sweep_id, cast(sum(files) as bigint) as files, cast(sum(shared_files) as bigint) as shared_files,
            cast(sum(row_count) as bigint) as row_count, cast(sum(size_bytes) as bigint) as size_bytes
        from sweep_storage group by sweep_id order by sweep_id desc
        """
    )
