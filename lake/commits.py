"""Commits: how files become visible, all of a commit at once."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from lake.errors import LakeError
from lake.lake import Lake
from lake.log import commit_note
from lake.receipts import FileReceipt
from lake.schemas import TABLES
from lake.snapshot import DataFile, asked, delta_table

ATTEMPTS = 20
CHECKPOINT_EVERY = "50"


class CommitConflictError(LakeError):
    """A rival moved the fence first: what this commit was planned on is no longer the newest state."""

    def __init__(self, table: str, fence: str, expected: int, found: int | None) -> None:
        super().__init__(table, fence, expected, found)
        self.table, self.fence, self.expected, self.found = table, fence, expected, found

    def __str__(self) -> str:
        return (
            f"table {self.table}: another writer took step {self.found} of {self.fence}, "
            f"not {self.expected}; read the newest snapshot and plan again"
        )


class CommitLostError(LakeError):
    """A commit kept colliding with other writers."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(table, reason)
        self.table, self.reason = table, reason

    def __str__(self) -> str:
        return f"table {self.table}: {ATTEMPTS} attempts to commit were overtaken ({self.reason}); try again"


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


@dataclass(frozen=True)
class Fence:
    """A step that only one writer can take: the application's transaction goes to `version`.

    Attributes:
        app_id: Whose step.
        version: Its number; steps only rise.
        exclusive: Whether a step that was already taken was a rival's, and so is a conflict. Else it was this
            writer's own, and there is nothing left to do.
    """

    app_id: str
    version: int
    exclusive: bool = False


def fence_version(lake: Lake, table: str, app_id: str) -> int | None:
    """Return the application's last committed transaction of a table, or None."""
    handle = delta_table(lake.storage, table)
    return None if handle is None else handle.transaction_version(app_id)


def commit(
    lake: Lake,
    table: str,
    adds: Sequence[FileReceipt],
    *,
    removes: Sequence[DataFile] = (),
    fence: Fence | None = None,
    note: str = "",
) -> int:
    """Make files visible and others invisible, in one atomic commit.

    Creates the lake and the table on first use and adds columns that it lacks. With a fence that is not
    exclusive the commit is idempotent: if the step was taken, a retry changes nothing.

    Args:
        lake: The lake.
        table: Table name.
        adds: Receipts of written files.
        removes: Files to take out.
        fence: Step that this commit takes.
        note: What this commit does, in a few words, for `history`; "" is an append.

    Returns:
        The table's version.

    Raises:
        CommitConflictError: If a rival took the exclusive fence's step first.
        ColumnClashError: If a column exists with another type.
        CommitLostError: If other writers overtook it too often.
    """
    lake.create()
    further = {name: kind for add in adds for name, kind in add.columns.items()}
    reason = ""
    for attempt in range(ATTEMPTS):
        handle = open_table(lake, table)
        if fence is not None:
            found = handle.transaction_version(fence.app_id)
            if found is not None and found >= fence.version:
                if fence.exclusive:
                    raise CommitConflictError(table, fence.app_id, fence.version, found)
                return int(handle.version())
        try:
            _add_columns(handle, table, further)
            _write(handle, table, adds, removes, fence, note)
        except (CommitFailedError, DeltaError, OSError) as error:  # OSError: an answer broke off midway
            reason = str(error)
            time.sleep(min(0.01 * 2**attempt, 1.0))
            continue
        return int(handle.version())
    raise CommitLostError(table, reason)


def open_table(lake: Lake, table: str) -> DeltaTable:
    """Return a handle on a table's newest version, creating the table if need be."""
    storage = lake.storage
    handle = delta_table(storage, table)
    if handle is not None:
        return handle
    spec = TABLES[table]

    def create() -> DeltaTable:
        with suppress(CommitFailedError):  # another writer created it first
            DeltaTable.create(
                storage.uri(table),
                spec.schema,
                mode="ignore",
                partition_by=list(spec.partition_by) or None,
                name=table,
                description=f"{spec.grain} a row",
                configuration={
                    "delta.checkpointInterval": CHECKPOINT_EVERY,
                    "delta.dataSkippingStatsColumns": ",".join(spec.indexed),
                },
                storage_options=storage.delta_options,
            )
        return DeltaTable(storage.uri(table), storage_options=storage.delta_options)

    return asked(storage, create)


def _add_columns(handle: DeltaTable, table: str, further: dict[str, str]) -> None:
    held = pa.schema(handle.schema().to_arrow())
    missing = missing_columns(table, held, further)
    if missing:
        schema = DeltaSchema.from_arrow(pa.schema(list(missing.items())))
        handle.alter.add_columns(schema.fields)
        handle.update_incremental()


def missing_columns(table: str, held: pa.Schema, further: dict[str, str]) -> dict[str, pa.DataType]:
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


def _write(
    handle: DeltaTable,
    table: str,
    adds: Sequence[FileReceipt],
    removes: Sequence[DataFile],
    fence: Fence | None,
    note: str,
) -> None:
    now_ms = int(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = [
        AddAction(add.path, add.size_bytes, dict(add.partition), now_ms, True, add.statistics)  # noqa: FBT003
        for add in adds
    ]
    actions += [
        RemoveAction(
            file.path,
            True,  # noqa: FBT003
            now_ms,
            size=file.size_bytes,
            partition_values=dict(file.partition),
        )
        for file in removes
    ]
    steps = [Transaction(fence.app_id, fence.version)] if fence is not None else None
    handle.create_write_transaction(
        actions,
        "append",
        handle.schema(),
        partition_by=list(TABLES[table].partition_by) or None,
        commit_properties=CommitProperties(
            app_transactions=steps,
            custom_metadata=commit_note(
                note, len(actions) + len(steps or ()), sum(file.rows for file in removes)
            ),
        ),
    )
    handle.update_incremental()
