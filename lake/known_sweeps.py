"""Known sweeps: which sweeps a lake tells of, which of them have ended, and which one a file may hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lake.snapshot import DataFile, Snapshot
from lake.sweep_log import FINISHED, FINISHED_WITH_FAILURES, REMOVED

ENDED = frozenset({FINISHED, FINISHED_WITH_FAILURES, REMOVED})
"""States after which no driver commits any more."""


@dataclass(frozen=True)
class KnownSweeps:
    """The newest state of every sweep, by its id.

    Attributes:
        states: Rows of `sweeps`.
    """

    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @staticmethod
    def of(snapshot: Snapshot) -> "KnownSweeps":
        """Read the sweeps of a snapshot."""
        names = ["sweep_id", "at", "status", "strategy", "bars", "computed", "reused", "failed"]
        rows = snapshot.read("sweeps", columns=names).sort_by([("at", "ascending")]).to_pylist()
        return KnownSweeps({row["sweep_id"]: row for row in rows})

    @property
    def ended(self) -> frozenset[str]:
        """Sweeps that have ended; of all others rows may be half there, and are nobody's leftovers."""
        return frozenset(name for name, row in self.states.items() if row["status"] in ENDED)

    @cached_property
    def removed(self) -> frozenset[str]:
        """Sweeps that were removed: their rows are not to come back but by an undo."""
        return frozenset(name for name, row in self.states.items() if row["status"] == REMOVED)

    def touched(self, table: str, file: DataFile) -> tuple[str, ...]:
        """Return the sweeps that a file may have rows of, by its bounds in the log; for bars, its readers."""
        if table == "bars":
            return tuple(sorted(name for name, row in self.states.items() if _reads(row["bars"], file.path)))
        low, high = file.minimum.get("sweep_id"), file.maximum.get("sweep_id")
        if low is None or high is None:
            return tuple(sorted(self._of_strategy(file)))
        if low == high:
            return (str(low),)
        return tuple(sorted(name for name in self._of_strategy(file) if low <= name <= high))

    def _of_strategy(self, file: DataFile) -> list[str]:
        strategy = file.partition.get("strategy")
        return [name for name, row in self.states.items() if strategy in (None, row["strategy"])]


def _reads(bars: str | None, path: str) -> bool:
    read = json.loads(bars or "{}")
    return any(path in symbol.get("files", ()) for symbol in read.values())
