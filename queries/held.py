"""Held: the metrics of a small lake, in the memory of the instance that reads it.

To open a file takes many times longer than to read the few rows that it has. The table only grows: rows are
never changed, and a snapshot reads those of its own files, by their numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from lake.snapshot import DataFile, Snapshot
from queries.text import quoted
from queries.whole import Source, Whole

MOST_ROWS, MOST_FILES = 20_000, 100
"""More are read from the files."""
HELD = "stored.held_metrics"
FILE = "_file"
"""Column with the number of the file that a row is from."""
NUMBERS = "held_metrics"
"""SQL variable with the numbers of the files that are read."""
IN_MEMORY = Source(HELD, f"list_contains(cast(getvariable('{NUMBERS}') as uinteger[]), {FILE})")
next_number = count(1).__next__
"""Numbers are never given twice: not to two loads at the same time either."""


@dataclass(frozen=True)
class Held:
    """Files of metrics whose rows an instance has in memory.

    Attributes:
        files: Their numbers by path.
        is_distinct: Whether no run id is there twice.
        whole: The rows of all of them.
    """

    files: Mapping[str, int]
    is_distinct: bool
    whole: Whole

    def numbers(self, files: Sequence[DataFile]) -> list[int]:
        """Return the numbers of files that are held."""
        return [self.files[file.path] for file in files]


def is_small(snapshot: Snapshot) -> bool:
    """Return whether a snapshot's metrics are worth holding; on object storage they wait until asked."""
    files = snapshot["metrics"].files if "metrics" in snapshot.tables else ()
    fits = 0 < len(files) <= MOST_FILES and sum(file.rows for file in files) <= MOST_ROWS
    return fits and snapshot.storage.local


def insertion(table: str, columns: Sequence[str], body: str, order: str = "") -> str:
    """Return SQL that appends rows to a table of metrics with file numbers.

    It binds file names and their numbers.

    Args:
        table: The table.
        columns: Columns of metrics.
        body: SELECT of these columns, and `filename`.
        order: Columns of the body by which rows of one file come; none in particular if empty.
    """
    names = ", ".join(quoted(name) for name in columns)
    return f"""
        insert into {table} ({names}, {FILE})
        with numbers as (select unnest($1::varchar[]) as filename, unnest($2::uinteger[]) as number)
        select {names}, numbers.number from ({body}) as rows_read inner join numbers using (filename)
        {order and f"order by numbers.number, {order}"}
    """  # noqa: S608
