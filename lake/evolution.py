"""Evolution: how a table comes to be, the columns that join it, and those that cannot."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from deltalake import DeltaTable
from deltalake import Schema as DeltaSchema

from lake.errors import LakeError
from lake.log import entry_path, made_name
from lake.schemas import TABLES
from lake.storage import Storage

CHECKPOINT_EVERY = 50
"""Versions from one checkpoint of a table's log to the next."""


class ColumnClashError(LakeError):
    """A column exists with another type, or under another spelling.

    Attributes:
        owners: Who has the column already, where that is known.
        key: Where in a configuration the remedy lies.
    """

    key = "columns"

    def __init__(
        self, table: str, column: str, wanted: str, existing: str, existing_type: str, owners: str = ""
    ) -> None:
        super().__init__(table, column, wanted, existing, existing_type, owners)
        self.table, self.column, self.wanted, self.owners = table, column, wanted, owners
        self.existing, self.existing_type = existing, existing_type

    def __str__(self) -> str:
        parameter = self.column.removeprefix("param_")
        return (
            f"column {self.column} ({self.wanted}) clashes with {self.existing} ({self.existing_type}) "
            f'of table {self.table}{self._of()}; rename it in [columns], e.g. {parameter} = "another_name"'
        )

    def _of(self) -> str:
        return f", which belongs to {self.owners}" if self.owners else ""


def create_table(storage: Storage, table: str) -> None:
    """Create a table if there is none; of several writers one does.

    delta-rs makes its first entry, elsewhere, and it is put if absent: of two that create a table at once
    delta-rs itself lets the second one create it anew, over the first.
    """
    spec = TABLES[table]
    with TemporaryDirectory() as folder:
        DeltaTable.create(
            folder,
            spec.schema,
            partition_by=list(spec.partition_by) or None,
            name=table,
            description=f"{spec.grain} a row",
            configuration={
                "delta.checkpointInterval": str(CHECKPOINT_EVERY),
                "delta.dataSkippingStatsColumns": ",".join(spec.indexed),
            },
        )
        entry = Path(folder, entry_path("", 0).lstrip("/")).read_bytes()
    storage.put_if_absent(entry_path(table, 0), entry)
    storage.put_if_absent(made_name(table), table.encode())


def add_columns(handle: DeltaTable, table: str, further: Mapping[str, str]) -> None:
    """Add the columns that a table lacks, in a commit of their own; the handle holds the version after it.

    Raises:
        ColumnClashError: If one exists with another type or another spelling.
    """
    held = pa.schema(handle.schema().to_arrow())
    missing = missing_columns(table, held, further)
    if missing:
        schema = DeltaSchema.from_arrow(pa.schema(list(missing.items())))
        handle.alter.add_columns(schema.fields)
        handle.update_incremental()


def missing_columns(table: str, held: pa.Schema, further: Mapping[str, str]) -> dict[str, pa.DataType]:
    """Return the columns that a table lacks.

    Raises:
        ColumnClashError: If one exists with another type or another spelling.
    """
    by_folded = {item.name.casefold(): item for item in held}
    missing = {}
    for name, kind in further.items():
        existing = by_folded.get(name.casefold())
        if existing is None:
            missing[name] = pa.type_for_alias(kind)
        elif existing.name != name or str(existing.type) != str(pa.type_for_alias(kind)):
            raise ColumnClashError(table, name, kind, existing.name, str(existing.type))
    return missing
