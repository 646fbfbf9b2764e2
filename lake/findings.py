"""Findings: what a check of a lake found wrong, whom it touches, and what to do about it."""

from dataclasses import dataclass
from typing import Any

MISSING = "missing_file"
DAMAGED = "damaged_file"
STATISTICS = "statistics"
PARTITION = "partition"
LOG = "log"
RIVAL = "rival_log"
FORMAT = "format"
DOUBLED = "doubled_runs"
NOT_WHOLE = "details_not_whole"
LEFTOVERS = "leftovers"
COUNTS = "run_count"
UNREADABLE = "unreadable"

LOST_FILES = (MISSING, DAMAGED)
"""Kinds after which a file's rows are not to be had any more."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        kind: One of the names above.
        table: The table; "" where it is the lake itself.
        file: The file, relative to the lake's root; "" where it is about rows.
        sweeps: Sweeps that it touches, sorted; () if none, or unknown.
        text: What is wrong.
        remedy: What to do about it, a command where there is one.
        harmless: Whether no answer is wrong for it.
    """

    kind: str
    table: str
    file: str
    sweeps: tuple[str, ...]
    text: str
    remedy: str
    harmless: bool = False

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "kind": self.kind,
            "table": self.table or None,
            "file": self.file or None,
            "sweeps": list(self.sweeps),
            "text": self.text,
            "remedy": self.remedy,
            "harmless": self.harmless,
        }


def lost_remedy(table: str, sweeps: tuple[str, ...]) -> str:
    """Return what to do about a file whose rows are gone."""
    first = "`sweeplake check --repair --drop-damaged` takes it out"
    if table == "bars":
        return f"{first}; then `sweeplake ingest` the symbol's files again"
    if not sweeps or table in ("sweeps", "removals"):
        return f"{first}, its rows are lost; or restore it from a copy"
    again = ", ".join(f"`sweeplake resume {sweep}`" for sweep in sweeps)
    return f"{first}; then {again} computes what went again"
