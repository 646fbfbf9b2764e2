"""Evolution: how a table comes to be, the columns that join it, and those that cannot."""

from collections.abc import Mapping
from contextlib import suppress

import pyarrow as pa
from deltalake import DeltaTable
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import CommitFailedError

from lake.errors import LakeError
from lake.schemas import TABLES
from lake.snapshot import asked
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
    """Create a table if it is not there; safe beside others that do."""
    spec = TABLES[table]

    def create() -> None:
        with suppress(CommitFailedError):  # another writer created it first
            DeltaTable.create(
                storage.uri(table),
                spec.schema,
                mode="ignore",
                partition_by=list(spec.partition_by) or None,
                name=table,
                description=f"{spec.grain} a row",
                configuration={
                    "delta.checkpointInterval": str(CHECKPOINT_EVERY),
                    "delta.dataSkippingStatsColumns": ",".join(spec.indexed),
                },
                storage_options=storage.delta_options,
            )

    asked(storage, create)


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
