"""Removal log: what a removal was about to do, put down before it did.

`_maintenance/<id>/` holds `plan.json`, one `<table>-<step>-<hex>.json` for each commit that was tried,
and `done.json` or `undone.json` at the end. None of them ever changes. With them a removal that was cut off
can be finished, and one that was not meant can be undone, exactly.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

from lake.choices import Choice, choice_of
from lake.commits import EPOCH_BITS, Fence
from lake.documents import read_document
from lake.errors import LakeError
from lake.lake import Lake
from lake.layout import named_hash
from lake.leftovers import is_temporary
from lake.log import MAINTENANCE, entry_path, log_files, read_actions
from lake.maintenance import Fenced
from lake.receipts import FileReceipt
from lake.removal import FileLoss, Removal
from lake.snapshot import DataFile
from lake.statistics import statistics_document
from lake.sweep_log import new_sweep_id

FOLDER = "_maintenance"
_PLAN = "plan.json"

_REMOVAL, _UNDO = 0, 1
"""Epochs of a removal's own steps in the tables: its undo keeps it out as a later driver does an earlier."""


class LogForgottenError(LakeError):
    """The log of a table no longer tells what came after a version."""

    def __init__(self, table: str, version: int) -> None:
        super().__init__(table, version)
        self.table, self.version = table, version

    def __str__(self) -> str:
        return (
            f"the log of {self.table} no longer goes back to version {self.version}: vacuum took its "
            "entries, and what was removed then cannot come back; run the sweeps again"
        )


@dataclass(frozen=True)
class Attempt:
    """One commit of a removal that was tried; `version` tells whether it came to be.

    Attributes:
        table: Its table.
        step: Step of the fence that it was to take.
        base: Version of the table that it was planned on.
        dropped: Files that it took out whole.
        rewritten: Files that it took out for those in `added`.
        added: What is left of them.
    """

    table: str
    step: int
    base: int
    dropped: tuple[FileReceipt, ...]
    rewritten: tuple[FileReceipt, ...]
    added: tuple[FileReceipt, ...]

    def version(self, lake: Lake) -> int | None:
        """Return the table's version that the commit became, told by the files that it swapped, or None.

        Attempts of several who were at the same removal may all be the same commit: count each version once.

        Raises:
            LogForgottenError: If the log no longer goes back that far.
            LogDamagedError: If an entry of it is not whole.
        """
        log = log_files(lake.storage, self.table)
        if not log.has_all_since(self.base + 1) and log.newest > self.base:
            raise LogForgottenError(self.table, self.base)
        for version in log.since(self.base + 1):
            try:
                data = lake.storage.read(entry_path(self.table, version))
            except FileNotFoundError as error:
                raise LogForgottenError(self.table, self.base) from error
            actions = read_actions(self.table, version, data)
            steps = [step["version"] for step in _of(actions, "txn") if step["appId"] == MAINTENANCE]
            if max(steps, default=0) >= self.step:
                taken = {file.path for file in (*self.dropped, *self.rewritten)}
                added = {file.path for file in self.added}
                swapped = _paths(actions, "remove") == taken and _paths(actions, "add") == added
                return version if swapped else None
        return None


@dataclass(frozen=True)
class RemovalRecord:
    """One removal, as it was put down.

    Attributes:
        id: Its id; sorts by time.
        at: When it was planned, UTC.
        choices: What goes.
        runs: Runs of each sweep that goes.
        epochs: The epoch in which it owns each of its sweeps that has a journal.
        done: Whether it was finished.
        undone: Whether it was undone.
    """

    id: str
    at: datetime
    choices: tuple[Choice, ...]
    runs: Mapping[str, int]
    epochs: Mapping[str, int]
    done: bool = False
    undone: bool = False

    @property
    def sweeps(self) -> frozenset[str]:
        """Sweeps that it takes anything of."""
        return frozenset(sweep for choice in self.choices for sweep in (*choice.sweeps, *choice.runs))

    @property
    def whole(self) -> frozenset[str]:
        """Sweeps of which everything goes, their metrics at least."""
        return frozenset(
            sweep for choice in self.choices if choice.concerns("metrics") for sweep in choice.sweeps
        )


def begin(lake: Lake, removal: Removal, epochs: Mapping[str, int]) -> RemovalRecord:
    """Put a removal down; from here on it will be finished, by whoever comes.

    Args:
        lake: The lake.
        removal: The removal.
        epochs: The epoch in which it owns each of its sweeps that has a journal.
    """
    record = RemovalRecord(new_sweep_id(removal.at), removal.at, removal.choices, removal.runs, epochs)
    document = {
        "epochs": dict(epochs),
        "at": record.at.isoformat(),
        "choices": [choice.to_document() for choice in record.choices],
        "runs": dict(record.runs),
    }
    lake.storage.put_if_absent(f"{FOLDER}/{record.id}/{_PLAN}", json.dumps(document).encode())
    return record


def note_attempt(
    lake: Lake, record: RemovalRecord, table: Fenced, losses: Sequence[FileLoss], added: Sequence[FileReceipt]
) -> None:
    """Put down a commit that is about to be tried."""
    name = table.snapshot.name
    files = {
        "dropped": [_receipt(name, loss.file) for loss in losses if loss.whole],
        "rewritten": [_receipt(name, loss.file) for loss in losses if not loss.whole],
        "added": list(added),
    }
    document: dict[str, Any] = {"table": name, "step": table.step, "base": table.snapshot.version}
    document |= {key: [file.to_document() for file in held] for key, held in files.items()}
    path = f"{FOLDER}/{record.id}/{name}-{table.step:08d}-{secrets.token_hex(4)}.json"
    lake.storage.put_if_absent(path, json.dumps(document).encode())


def note_end(lake: Lake, record: RemovalRecord, end: str) -> None:
    """Put down that a removal is done, or undone."""
    document = {"at": datetime.now(UTC).isoformat()}
    lake.storage.put_if_absent(f"{FOLDER}/{record.id}/{end}.json", json.dumps(document).encode())


def records(lake: Lake) -> Iterator[RemovalRecord]:
    """Yield all removals, the oldest first.

    Raises:
        DocumentDamagedError: If the plan of one does not tell what it has to.
    """
    for name in lake.storage.list(FOLDER):
        held = set(lake.storage.list(f"{FOLDER}/{name}"))
        if _PLAN in held:
            record = read_document(lake.storage, f"{FOLDER}/{name}/{_PLAN}", partial(record_of, name))
            yield replace(record, done="done.json" in held, undone="undone.json" in held)


def record_of(name: str, document: Mapping[str, Any]) -> RemovalRecord:
    """Return the removal that a plan tells, by its id; whether it came to its end the folder tells."""
    choices = tuple(choice_of(choice) for choice in document["choices"])
    told = choices, dict(document["runs"]), dict(document["epochs"])
    return RemovalRecord(name, datetime.fromisoformat(document["at"]), *told)


def attempt_of(document: Mapping[str, Any]) -> Attempt:
    """Return the commit that a document tells."""
    files = {
        key: tuple(FileReceipt(**file) for file in document[key]) for key in ("dropped", "rewritten", "added")
    }
    return Attempt(str(document["table"]), int(document["step"]), int(document["base"]), **files)


def forget_removals(lake: Lake, before: datetime) -> None:
    """Drop what is known of removals that ended before a time: vacuum took their files; safe to repeat.

    The plan goes first, in a request of its own: a folder without one is no removal any more, whatever else
    is left of it, and the next call takes the rest. What is half done, and not as old, may be a plan that
    another process is about to put down: it stays. So does one whose undo was begun and has not ended.
    """
    ended = [record for record in records(lake) if record.at < before and (record.done or record.undone)]
    begun = undos_begun(lake, [record for record in ended if not record.undone])
    old = [record.id for record in ended if record.id not in begun]
    lake.storage.delete([f"{FOLDER}/{name}/{_PLAN}" for name in old])
    folders = {name: lake.storage.list(f"{FOLDER}/{name}") for name in lake.storage.list(FOLDER)}
    left = [f"{FOLDER}/{name}/{file}" for name, held in folders.items() if _PLAN not in held for file in held]
    lake.storage.delete([path for path in left if not (is_temporary(path) and _since(lake, path, before))])


def named_sweeps(lake: Lake) -> frozenset[str]:
    """Return the sweeps that removals name, at work, done or undone, until they are forgotten."""
    return frozenset(sweep for record in records(lake) for sweep in record.sweeps)


def undone(record: RemovalRecord) -> str:
    """Return the application whose steps tell, in each table, that a removal was undone or given up."""
    return f"{record.id}-undone"


def removing(record: RemovalRecord) -> Fence:
    """Return the step that each commit of a removal takes: none comes into a table after that of an undo."""
    return Fence(undone(record), 0, epoch=_REMOVAL)


def undoing(record: RemovalRecord, number: int) -> Fence:
    """Return a step of an undo, or of giving up; the first, 0, shuts the removal out of a table."""
    return Fence(undone(record), _UNDO << EPOCH_BITS | number, epoch=_UNDO)


def is_undone(lake: Lake, record: RemovalRecord) -> bool:
    """Return whether an undo of a removal was begun, or the removal was given up."""
    return bool(undos_begun(lake, [record]))


def undos_begun(lake: Lake, held: Sequence[RemovalRecord]) -> frozenset[str]:
    """Return the ids of those of some removals of which an undo was begun, or that were given up."""
    head = lake.head_if_there("sweeps")
    if head is None or not held:
        return frozenset()
    with head.lock:
        head.follow()
        return frozenset(record.id for record in held if head.step(undone(record)))


def attempts(lake: Lake, record: RemovalRecord) -> list[Attempt]:
    """Return the commits that a removal tried, whether they came to be or not.

    Raises:
        DocumentDamagedError: If what was put down of one does not tell what it has to.
    """
    folder = f"{FOLDER}/{record.id}"
    return [
        read_document(lake.storage, f"{folder}/{name}", attempt_of)
        for name in lake.storage.list(folder)
        if name.endswith(".json") and "-" in name and not name.startswith("_")
    ]


def _since(lake: Lake, path: str, before: datetime) -> bool:
    written = lake.storage.modified(path)
    return written is not None and written >= before


def _receipt(table: str, file: DataFile) -> FileReceipt:
    """Return what a commit needs to add a file that was visible once."""
    return FileReceipt(
        table=table,
        path=file.path,
        size_bytes=file.size_bytes,
        rows=file.rows,
        partition=dict(file.partition),
        statistics=statistics_document(file.rows, file.minimum, file.maximum, file.nulls),
        sha256=named_hash(file.path),
    )


def _of(actions: Sequence[Mapping[str, Any]], kind: str) -> list[Any]:
    return [action[kind] for action in actions if kind in action]


def _paths(actions: Sequence[Mapping[str, Any]], kind: str) -> set[str]:
    return {unquote(file["path"]) for file in _of(actions, kind)}
