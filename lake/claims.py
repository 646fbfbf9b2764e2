"""Claims: what a table's log says of each file, NULL where it says nothing, to be held against the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from lake.layout import partition_path
from lake.schemas import TABLES
from lake.snapshot import DataFile
from lake.statistics import document_value


@dataclass(frozen=True)
class Claim:
    """What the log says of one file.

    Attributes:
        file: The file as snapshots have it.
        rows: Its row count; None if the log has none.
        minimum: Smallest value per indexed column, as a statistics document has it.
        maximum: Largest value, the same way.
        nulls: NULL count per indexed column.
    """

    file: DataFile
    rows: int | None
    minimum: Mapping[str, Any]
    maximum: Mapping[str, Any]
    nulls: Mapping[str, int]

    def differences(self, statistics: Mapping[str, Any]) -> list[str]:
        """Return the names of what a statistics document of the file says otherwise; missing is otherwise."""
        differing = [] if self.rows == statistics["numRecords"] else ["rows"]
        for ours, theirs in (
            (self.minimum, statistics["minValues"]),
            (self.maximum, statistics["maxValues"]),
            (self.nulls, statistics["nullCount"]),
        ):
            differing += [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        return sorted(set(differing))

    def misplaced(self, table: str) -> bool:
        """Say whether the folders of its path tell other partition values than the log."""
        folder = self.file.path.rpartition("/")[0]
        return folder != partition_path(TABLES[table].partition_by, self.file.partition)


def claims(files: Sequence[DataFile], handle: DeltaTable) -> list[Claim]:
    """Return what the log of a table says of some of its files, at the version of a handle."""
    wanted = {file.path: file for file in files}
    return [
        Claim(
            file=wanted[path],
            rows=action["num_records"],
            minimum=_documented(action.get("min"), upwards=False),
            maximum=_documented(action.get("max"), upwards=True),
            nulls={
                name: nulls for name, nulls in (action.get("null_count") or {}).items() if nulls is not None
            },
        )
        for action in pa.table(handle.get_add_actions()).to_pylist()
        if (path := unquote(action["path"])) in wanted
    ]


def _documented(values: Mapping[str, Any] | None, *, upwards: bool) -> dict[str, Any]:
    return {
        name: document_value(value, upwards=upwards)
        for name, value in (values or {}).items()
        if value is not None
    }
