"""Choices: which rows of which tables go, and whether a file holds any of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from lake.schemas import COMMIT_ORDER
from lake.snapshot import DataFile

Scope = Literal["sweep", "runs", "details", "failures"]

SCOPES: Mapping[Scope, frozenset[str]] = {
    "sweep": frozenset(COMMIT_ORDER),
    "runs": frozenset(COMMIT_ORDER) - {"failures"},
    "details": frozenset({"details", "equity", "trades"}),
    "failures": frozenset({"failures"}),
}
"""Tables that lose rows, by what goes."""

REMOVAL_ORDER = tuple(reversed(COMMIT_ORDER))
"""Tables in the order in which they lose rows: details first, so that no reader meets half of them."""

Runs = Mapping[str, pa.Array]
"""Run ids by sweep."""


@dataclass(frozen=True)
class Choice:
    """Rows that one line of a policy, or one command, takes out.

    Attributes:
        line: The line or command, as reports name it.
        scope: What goes of them.
        sweeps: Sweeps of which everything in the scope goes.
        runs: Further runs, by sweep; no sweep of `sweeps` is among them.
        spared: Runs that stay although their sweep goes: pinned ones.
    """

    line: str
    scope: Scope
    sweeps: frozenset[str] = frozenset()
    runs: Runs = field(default_factory=lambda: MappingProxyType({}))
    spared: frozenset[str] = frozenset()

    def concerns(self, table: str) -> bool:
        """Return whether a table loses rows."""
        return table in SCOPES[self.scope]

    @cached_property
    def _sweeps(self) -> pa.Array:
        return pa.array(self._sorted_sweeps, pa.string())

    @cached_property
    def _sorted_sweeps(self) -> list[str]:
        return sorted(self.sweeps)

    @cached_property
    def _sorted_runs(self) -> list[str]:
        return sorted(self.runs)

    @cached_property
    def _spared(self) -> pa.Array:
        return pa.array(sorted(self.spared), pa.string())

    def mask(self, rows: pa.RecordBatch) -> pa.Array:
        """Return which rows go, shape (rows,), of a batch with the columns sweep_id and run_id."""
        sweeps, ids = rows.column("sweep_id"), rows.column("run_id")
        chosen = pc.is_in(sweeps, value_set=self._sweeps)
        if self.spared:
            chosen = pc.and_not(chosen, pc.is_in(ids, value_set=self._spared))
        if self.runs:
            for sweep in pc.unique(sweeps).to_pylist():
                if sweep in self.runs:
                    further = pc.and_(pc.equal(sweeps, sweep), pc.is_in(ids, value_set=self.runs[sweep]))
                    chosen = pc.or_(chosen, pc.fill_null(further, fill_value=False))
        return chosen

    def rows_by_bounds(self, file: DataFile) -> int | None:
        """Return how many rows of a file go, if its bounds tell: none or all; None if they do not."""
        low, high = _bounds(file, "sweep_id")
        if low is None or high is None:
            return None
        if low == high and low in self.sweeps:
            return None if any(_within(file, run) for run in self.spared) else file.rows
        if _between(self._sorted_sweeps, low, high):
            return None
        near = (self.runs[sweep] for sweep in _between(self._sorted_runs, low, high))
        return None if any(_any_within(file, ids) for ids in near) else 0

    def to_document(self) -> dict[str, Any]:
        """Return it as a JSON document; `choice_of` is the inverse."""
        return {
            "line": self.line,
            "scope": self.scope,
            "sweeps": sorted(self.sweeps),
            "runs": {sweep: ids.to_pylist() for sweep, ids in self.runs.items()},
            "spared": sorted(self.spared),
        }


def choice_of(document: Mapping[str, Any]) -> Choice:
    """Return the choice that a document describes."""
    runs = {sweep: pa.array(ids, pa.string()) for sweep, ids in document["runs"].items()}
    named = frozenset(document["sweeps"]), runs, frozenset(document["spared"])
    return Choice(document["line"], document["scope"], *named)


def mask_of(choices: Sequence[Choice], rows: pa.RecordBatch) -> pa.Array:
    """Return which rows any of some choices takes out, shape (rows,)."""
    chosen = pa.repeat(pa.scalar(value=False), rows.num_rows)
    for choice in choices:
        chosen = pc.or_(chosen, choice.mask(rows))
    return chosen


def _between(names: Sequence[str], low: str, high: str) -> Sequence[str]:
    """Return those of some sorted names that are within bounds."""
    return names[bisect_left(names, low) : bisect_right(names, high)]


def _bounds(file: DataFile, column: str) -> tuple[str | None, str | None]:
    return file.minimum.get(column), file.maximum.get(column)


def _within(file: DataFile, run: str) -> bool:
    low, high = _bounds(file, "run_id")
    return low is None or high is None or low <= run <= high


def _any_within(file: DataFile, ids: pa.Array) -> bool:
    low, high = _bounds(file, "run_id")
    if low is None or high is None:
        return len(ids) > 0
    inside = pc.and_(pc.greater_equal(ids, low), pc.less_equal(ids, high))
    return bool(pc.any(inside, min_count=0).as_py())
