"""Removals: from choices and a snapshot to files that go and files that are rewritten. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lake.choices import REMOVAL_ORDER, Choice
from lake.snapshot import DataFile, Snapshot

Count = Callable[[str, DataFile, Sequence[Choice]], Sequence[int]]
"""Counts the rows of a table's file that each of some choices takes out, none twice: the first one's."""


@dataclass(frozen=True)
class FileLoss:
    """What one file loses.

    Attributes:
        file: The file.
        rows: Rows that each choice takes out.
    """

    file: DataFile
    rows: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is left: then it goes as metadata, and is not rewritten."""
        return sum(self.rows) == self.file.rows


@dataclass(frozen=True)
class LineReport:
    """What one line takes out.

    Attributes:
        line: The line of the policy, or the command.
        sweeps: Sweeps of which something goes, sorted.
        gone: Those of them that go as a whole, but for pinned runs; their status becomes `removed`.
        runs: Runs that go, with their details.
        details: Runs whose trades and equity go.
        files: Files that go; a file that several lines name counts for the first.
        rewritten: Files that go for smaller ones.
        rows: Rows of all tables.
        bytes: Bytes freed once vacuum has been; of a file that is rewritten by the share of its rows.
    """

    line: str
    sweeps: tuple[str, ...]
    gone: tuple[str, ...]
    runs: int
    details: int
    files: int
    rewritten: int
    rows: int
    bytes: int


@dataclass(frozen=True)
class Removal:
    """Everything that one removal does.

    Attributes:
        at: When it was planned, UTC; its rows of `removals` carry it.
        choices: What goes.
        runs: Runs of each sweep that goes, for `removals`.
        losses: Files that lose rows, by table.
        warnings: What whoever wrote the policy should know, though it can be applied.
    """

    at: datetime
    choices: tuple[Choice, ...]
    runs: Mapping[str, int]
    losses: Mapping[str, tuple[FileLoss, ...]]
    warnings: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether no rows go."""
        return not any(self.losses.values())

    @property
    def lines(self) -> tuple[LineReport, ...]:
        """What goes, line by line."""
        names = tuple(dict.fromkeys(choice.line for choice in self.choices))
        return tuple(self._line(name) for name in names)

    def to_document(self) -> dict[str, Any]:
        """Return it as people and programs read it."""
        lines = [
            {"line": line.line, "sweeps": list(line.sweeps), "gone": list(line.gone)}
            | {key: getattr(line, key) for key in ("runs", "details", "files", "rewritten", "rows", "bytes")}
            for line in self.lines
        ]
        tables = {
            table: {
                "dropped": [loss.file.path for loss in losses if loss.whole],
                "rewritten": [loss.file.path for loss in losses if not loss.whole],
            }
            for table, losses in self.losses.items()
        }
        return {
            "at": self.at,
            "lines": lines,
            "bytes": sum(line.bytes for line in self.lines),
            "tables": tables,
            "warnings": list(self.warnings),
        }

    def _line(self, name: str) -> LineReport:
        places = {at for at, choice in enumerate(self.choices) if choice.line == name}
        sweeps = {sweep for at in places for sweep in (*self.choices[at].sweeps, *self.choices[at].runs)}
        gone = {sweep for at in places for sweep in _whole(self.choices[at])}
        losses = [
            (table, loss, lost)
            for table, held in self.losses.items()
            for loss in held
            if (lost := sum(loss.rows[at] for at in places))
        ]
        first = [loss for _, loss, _ in losses if _first(loss.rows) in places]
        return LineReport(
            line=name,
            sweeps=tuple(sorted(sweeps)),
            gone=tuple(sorted(gone)),
            runs=sum(lost for table, _, lost in losses if table == "metrics"),
            details=sum(lost for table, _, lost in losses if table == "details"),
            files=sum(loss.whole for loss in first),
            rewritten=sum(not loss.whole for loss in first),
            rows=sum(lost for _, _, lost in losses),
            bytes=sum(round(loss.file.size_bytes * lost / loss.file.rows) for _, loss, lost in losses),
        )


def plan_removal(
    at: datetime,
    choices: Sequence[Choice],
    runs: Mapping[str, int],
    snapshot: Snapshot,
    count: Count,
    warnings: Sequence[str] = (),
) -> Removal:
    """Return what some choices do to a snapshot.

    Args:
        at: Now, UTC.
        choices: What goes.
        runs: Runs of each sweep that goes.
        snapshot: The files.
        count: Asked about the files whose bounds do not tell.
        warnings: What to tell beside it.
    """
    losses = {table: losses_of(table, snapshot[table].files, choices, count) for table in REMOVAL_ORDER}
    return Removal(at, tuple(choices), dict(runs), losses, tuple(warnings))


def losses_of(
    table: str, files: Sequence[DataFile], choices: Sequence[Choice], count: Count
) -> tuple[FileLoss, ...]:
    """Return the files of a table that lose rows, in the order of the files."""
    if not any(choice.concerns(table) for choice in choices):
        return ()
    losses = (FileLoss(file, _lost(table, file, choices, count)) for file in files)
    return tuple(loss for loss in losses if any(loss.rows))


def _lost(table: str, file: DataFile, choices: Sequence[Choice], count: Count) -> tuple[int, ...]:
    known = [choice.rows_by_bounds(file) if choice.concerns(table) else 0 for choice in choices]
    whole = next((at for at, rows in enumerate(known) if rows != 0), None)
    if whole is None:
        return (0,) * len(choices)
    if known[whole] is not None:  # the first that takes any takes all
        return tuple(file.rows if at == whole else 0 for at in range(len(choices)))
    asked = [at for at, choice in enumerate(choices) if choice.concerns(table)]
    counted = dict(zip(asked, count(table, file, [choices[at] for at in asked]), strict=True))
    return tuple(counted.get(at, 0) for at in range(len(choices)))


def _whole(choice: Choice) -> frozenset[str]:
    return choice.sweeps if choice.concerns("metrics") else frozenset()


def _first(rows: Sequence[int]) -> int:
    return next(at for at, lost in enumerate(rows) if lost)
