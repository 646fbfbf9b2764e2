"""Checking and repairing a lake: its files, then its rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lake.check import Checked, check_files
from lake.findings import DOUBLED, UNCOMMITTED, Finding
from lake.lake import Lake
from lake.log_repair import restore_checkpoint, set_aside_cut_entry
from lake.removal_log import named_sweeps
from lake.repair import drop_lost, drop_runs, finish_losses, rebuild_statistics
from lake.schemas import TABLES
from lake.unsettled import behind, has_journal
from queries.catalog import Catalog
from queries.check import broken_details, check_rows, leftovers
from queries.errors import QueryError
from sweeplake.settling import resumable, settle_all


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        findings: What is wrong, after the repair if there was one.
        repaired: What was done, one line each.
        files: Committed files that were looked at.
        bytes: Their size.
        deep: Whether every byte was read.
    """

    findings: Sequence[Finding]
    repaired: Sequence[str]
    files: int
    bytes: int
    deep: bool

    @property
    def clean(self) -> bool:
        """Whether every answer of the lake is right."""
        return all(finding.harmless for finding in self.findings)


def check(lake: Lake, *, deep: bool = False, repair: bool = False, drop_damaged: bool = False) -> Report:
    """Check a lake, and put right what can be put right without guessing.

    Args:
        lake: The lake.
        deep: Read every byte; else the log, sizes, footers and the rows' keys.
        repair: Drop details that are not whole and rows that nobody sees, write statistics anew, restore a
            checkpoint, finish repairs that were cut off.
        drop_damaged: With `repair`: take out files that are missing or damaged, so that `resume` computes
            what they held again, and newest log entries that are cut off, whose commits the journals of
            sweeps make again. While they cannot, as a driver lives, nothing further is taken out.

    Raises:
        LakeMissingError: If there is no lake.
        SweepsRunningError: If a damaged file holds runs of a sweep that has not ended; nothing was dropped.
    """
    lake.require()
    repaired: list[str] = []
    if repair:
        repaired += _repair(lake, deep=deep, drop_damaged=drop_damaged)
    checked = check_files(lake, deep=deep)
    findings = list(checked.findings)
    if not checked.blind:
        findings += _row_findings(lake, checked)
    return Report(findings, repaired, checked.files, checked.bytes, deep)


def _repair(lake: Lake, *, deep: bool, drop_damaged: bool) -> Iterator[str]:
    """Repair logs, then files, then rows; where a log lost what cannot be committed again yet, no more."""
    cut = list(_set_aside(lake)) if drop_damaged else []
    yield from cut
    yield from (
        f"{table}: made a new checkpoint" for table in TABLES if restore_checkpoint(lake.storage, table)
    )
    if cut:
        settled = settle_all(lake)
        yield from settled.done
        if settled.left:
            yield from settled.left
            return
    if finished := finish_losses(lake):
        yield f"finished {finished} repairs that were cut off"
    before = check_files(lake, deep=deep)
    if not before.blind:  # else nothing can be judged, and nothing is taken out
        yield from _repair_files(lake, before, drop_damaged=drop_damaged)
        yield from _repair_rows(lake, frozenset() if drop_damaged else before.touched, careful=bool(cut))


def _row_findings(lake: Lake, checked: Checked) -> Iterator[Finding]:
    """Yield what rows tell beyond the files that are lost, and beyond what a journal can bring back."""
    found = [
        finding
        for finding in check_rows(checked.sound, checked.sweeps, lambda sweep: resumable(lake, sweep))
        if finding.kind == DOUBLED or not checked.halved.intersection(finding.sweeps)
    ]
    ended = checked.sweeps.ended
    for sweep in sorted({sweep for finding in found for sweep in finding.sweeps} & ended):
        if tables := behind(lake, sweep):
            found = [finding for finding in found if finding.kind == DOUBLED or sweep not in finding.sweeps]
            text = f"its journal has what {', '.join(tables)} lost"
            remedy = f"`sweeplake resume {sweep}` commits it again"
            yield Finding(UNCOMMITTED, ", ".join(tables), "", (sweep,), text, remedy)
    yield from found


def _set_aside(lake: Lake) -> Iterator[str]:
    for table in TABLES:
        if entry := set_aside_cut_entry(lake.storage, table):
            yield f"{table}: took the cut entry {entry} out of the log; what is left of it is in _damaged/"


def _repair_files(lake: Lake, checked: Checked, *, drop_damaged: bool) -> Iterator[str]:
    for table, files in checked.wrong.items():
        if files:
            yield f"{table}: wrote the statistics of {rebuild_statistics(lake, table, files):,} files anew"
    count = sum(len(files) for files in checked.lost.values())
    if drop_damaged and count:
        losses = drop_lost(lake, checked.lost, checked.sweeps, checked.visible)
        yield f"took out {count:,} files that were missing or damaged"
        for sweep in sorted({loss.sweep_id for loss in losses}):
            yield f"`sweeplake resume {sweep}` computes what went of it again"


def _repair_rows(lake: Lake, unsure: frozenset[str], *, careful: bool) -> Iterator[str]:
    """Drop what is not whole; not of sweeps that say too little to judge by, or that `resume` makes whole.

    Trades and equity that no details name stay where a removal names their sweep: it may be at work, or an
    undo, which commits their details last. The removals are asked after the rows, so that none is missed:
    only an undo of one that was known by then gives such rows details.

    Args:
        lake: The lake.
        unsure: Sweeps whose files are damaged.
        careful: Whether a log was just repaired: then nothing of a sweep without a journal goes either.
    """
    checked = check_files(lake)
    unsure |= checked.touched
    try:
        with Catalog(checked.sound) as catalog:
            broken, left = broken_details(catalog), leftovers(catalog, checked.sweeps)
    except (QueryError, OSError):
        return  # the check that follows tells it
    for sweep in {row["sweep_id"] for row in (*broken, *left)} - unsure:
        if behind(lake, sweep) or (careful and not has_journal(lake, sweep)):
            unsure |= {sweep}
    if pairs := _pairs(broken, unsure):
        drop_runs(lake, ("details", "equity", "trades"), pairs, "repair: details that were not whole")
        yield f"dropped the details of {pairs.num_rows:,} runs that were not whole"
    removed = named_sweeps(lake)
    if kept := {row["sweep_id"] for row in left} & removed - unsure:
        yield f"left the rows of {len(kept):,} sweeps that no details name: `sweeplake undo` may need them"
    if pairs := _pairs(left, unsure | removed):
        rows = drop_runs(lake, ("equity", "trades"), pairs, "repair: rows that no details name")
        yield f"dropped {rows:,} rows that no details name"


def _pairs(rows: Sequence[Mapping[str, Any]], unsure: frozenset[str]) -> pa.Table | None:
    keys = [
        {name: row[name] for name in ("sweep_id", "run_id")} for row in rows if row["sweep_id"] not in unsure
    ]
    return pa.Table.from_pylist(keys) if keys else None
