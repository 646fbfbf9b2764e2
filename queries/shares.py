"""Shares: which sweeps fill the files of a snapshot. The log tells of most; others are read when asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lake.snapshot import Snapshot

_GROUPS = {
    "table_name": "varchar",
    "sweep_id": "varchar",
    "path": "varchar",
    "files": "bigint",
    "row_count": "bigint",
    "size_bytes": "bigint",
}
_VARIABLE = "file_groups_"
FILE_GROUPS = "create view stored.file_groups as select " + ", ".join(
    f"unnest(cast(getvariable('{_VARIABLE}{name}') as {kind}[])) as {name}" for name, kind in _GROUPS.items()
)
"""Creates a view of the files: those that one sweep fills are one row for all of them, as are those of tables
without sweeps (sweep_id is NULL); a file of several sweeps is a row with its path."""
_PREFIX = "shared_"
_NOBODY = "select '' as table_name, '' as path, '' as sweep_id, 0 as row_count where false"


@dataclass(frozen=True)
class Shares:
    """The files of a snapshot by table and sweep.

    Attributes:
        statement: Creates the view `stored.shared_rows`: the rows of each sweep in each file of several.
        variables: Those files, and the columns of `stored.file_groups`, by the name of the SQL variable that
            the views read them from.
    """

    statement: str
    variables: Mapping[str, Sequence[object]]


def shares(snapshot: Snapshot) -> Shares:
    """Return who fills the files of a snapshot. No file is read: the log bounds their sweep ids."""
    groups: dict[tuple[str, str | None, str | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    shared: dict[str, list[str]] = defaultdict(list)
    for name, table in snapshot.tables.items():
        has_sweeps = "sweep_id" in table.schema.names
        for file in table.files:
            sweep, path = file.minimum.get("sweep_id"), None
            if has_sweeps and (sweep is None or sweep != file.maximum.get("sweep_id")):
                sweep, path = None, snapshot.storage.uri(f"{name}/{file.path}")
                shared[_PREFIX + name].append(path)
            group = groups[name, sweep, path]
            group[0] += 1
            group[1] += file.rows
            group[2] += file.size_bytes
    rows = [(*key, *group) for key, group in groups.items()]
    columns = zip(*rows, strict=True) if rows else [()] * len(_GROUPS)
    told = {_VARIABLE + name: column for name, column in zip(_GROUPS, columns, strict=True)}
    body = " union all ".join(_counted(variable) for variable in shared) or _NOBODY
    return Shares(f"create or replace view stored.shared_rows as {body}", {**shared, **told})


def _counted(variable: str) -> str:
    table = variable.removeprefix(_PREFIX)
    return (
        f"select '{table}' as table_name, filename as path, sweep_id, count(*) as row_count "  # noqa: S608
        f"from read_parquet(getvariable('{variable}'), filename = true, hive_partitioning = false) "
        "group by filename, sweep_id"
    )
