"""Loading: metrics of a small lake, from their files into the instance's memory."""

from dataclasses import replace

import duckdb

from lake.errors import LakeError
from lake.snapshot import Snapshot
from queries.errors import QueryError
from queries.held import FILE, HELD, Held, insertion, is_small, next_number
from queries.stored import stored_table
from queries.translation import translated
from queries.whole import Whole

_PLACE = "file_row_number"
"""DuckDB's column with a row's place in its file."""
_WHOLE = f"select * exclude (block_sums, block_sumsqs, {FILE}) from {HELD} where list_contains($1, {FILE})"  # noqa: S608


def loaded(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, before: Held | None = None
) -> Held | None:
    """Load the metrics of a snapshot that are not held yet.

    Args:
        connection: The instance.
        snapshot: The snapshot.
        before: What the instance holds already.

    Returns:
        What is held then; None if the lake is not small, or has a file that cannot be read: who asks for its
        rows is told.
    """
    if not is_small(snapshot):
        return None
    metrics = snapshot["metrics"]
    known = before.files if before else {}
    new = [file for file in metrics.files if file.path not in known]
    numbers = {file.path: next_number() for file in new}
    part = replace(snapshot, tables={"metrics": replace(metrics, files=tuple(new))})
    cursor, uri = connection.cursor(), snapshot.storage.uri
    try:
        with translated(snapshot):
            table = stored_table(part, "metrics", further=("filename", _PLACE))
            for name, paths in table.variables.items():
                cursor.execute(f"set variable {name} = $1", [list(paths)])
            cursor.execute(_creation(table.body))
            cursor.execute(
                insertion(HELD, metrics.schema.names, table.body, f"cast({_PLACE} as bigint)"),
                [[uri(f"metrics/{path}") for path in numbers], list(numbers.values())],
            )
            every = {**known, **numbers}
            read = [every[file.path] for file in metrics.files]
            text = f"select count(*) = count(distinct run_id) from {HELD} where list_contains($1, {FILE})"  # noqa: S608
            [[is_distinct]] = cursor.execute(text, [read]).fetchall()
    except (LakeError, QueryError, FileNotFoundError):
        return None
    return Held(every, is_distinct, Whole(connection, _WHOLE, read))


def _creation(body: str) -> str:
    columns = f"* exclude (filename, {_PLACE}), 0::uinteger as {FILE}"
    return f"create table if not exists {HELD} as select {columns} from ({body}) limit 0"  # noqa: S608
