"""Findings: what a check of a lake found wrong, whom it touches, and what to do about it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

MISSING = "missing_file"
DAMAGED = "damaged_file"
STATISTICS = "statistics"
PARTITION = "partition"
LOG = "log"
RIVAL = "rival_log"
DOUBLED = "doubled_runs"
NOT_WHOLE = "details_not_whole"
LEFTOVERS = "leftovers"
COUNTS = "run_count"
UNCOMMITTED = "uncommitted"
STATELESS = "no_state"
TAKEN_OUT = "taken_out"
HALF_REPAIRED = "half_repaired"
UNREADABLE = "unreadable"
DOCUMENT = "document"
CUT_OFF = "cut_off"

KINDS = (
    MISSING,
    DAMAGED,
    STATISTICS,
    PARTITION,
    LOG,
    RIVAL,
    DOUBLED,
    NOT_WHOLE,
    LEFTOVERS,
    COUNTS,
    STATELESS,
    TAKEN_OUT,
    HALF_REPAIRED,
    UNCOMMITTED,
    UNREADABLE,
    DOCUMENT,
    CUT_OFF,
)
"""Every kind of finding."""

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


def repair_command(*, deep: bool, drop: bool) -> str:
    """Return the command that repairs what a check of this depth found."""
    words = [
        "sweeplake check",
        *(["--deep"] if deep else []),
        "--repair",
        *(["--drop-damaged"] if drop else []),
    ]
    return f"`{' '.join(words)}`"


def lost_remedy(table: str, sweeps: tuple[str, ...], *, deep: bool, journals: Collection[str]) -> str:
    """Return what to do about a file whose rows are gone.

    Args:
        table: Its table.
        sweeps: Sweeps that it holds rows of.
        deep: Whether every byte had to be read to find it.
        journals: The sweeps that have their journal.
    """
    first = f"{repair_command(deep=deep, drop=True)} takes it out"
    if table == "bars":
        return f"{first}; then `sweeplake ingest` the symbol's files again"
    if not sweeps or table in ("sweeps", "removals"):
        return f"{first}, its rows are lost; or restore it from a copy"
    again = ", ".join(f"`sweeplake resume {sweep}`" for sweep in sweeps if sweep in journals)
    anew = ", ".join(f"`sweeplake delete {sweep}`" for sweep in sweeps if sweep not in journals)
    then = [f"{again} computes what went again"] if again else []
    then += [f"{anew} and run it again, for vacuum took the journal that told what it held"] if anew else []
    return f"{first}; then {'; '.join(then)}"
