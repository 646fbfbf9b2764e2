"""Checking and repairing a lake: its files, then its rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lake.check import Checked, check_files
from lake.findings import Finding
from lake.lake import Lake
from lake.log_repair import restore_checkpoint, set_aside_cut_entry
from lake.repair import drop_lost, drop_runs, finish_losses, rebuild_statistics
from lake.schemas import TABLES
from queries.catalog import Catalog
from queries.check import broken_details, check_rows, leftovers
from queries.errors import QueryError


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
            what they held again.

    Raises:
        LakeMissingError: If there is no lake.
        SweepsRunningError: If a damaged file holds runs of a sweep that has not ended; nothing was dropped.
    """
    lake.require()
    repaired: list[str] = []
    if repair:
        repaired += _repair_logs(lake, drop_damaged=drop_damaged)
        if finished := finish_losses(lake):
            repaired.append(f"finished {finished} repairs that were cut off")
        before = check_files(lake, deep=deep)
        if not before.blind:  # else nothing can be judged, and nothing is taken out
            repaired += _repair_files(lake, before, drop_damaged=drop_damaged)
            repaired += _repair_rows(lake, frozenset() if drop_damaged else before.touched)
    checked = check_files(lake, deep=deep)
    findings = list(checked.findings)
    if not checked.blind:
        findings += check_rows(checked.sound, checked.sweeps)
    return Report(findings, repaired, checked.files, checked.bytes, deep)


def _repair_logs(lake: Lake, *, drop_damaged: bool) -> Iterator[str]:
    for table in TABLES:
        if drop_damaged and (entry := set_aside_cut_entry(lake.storage, table)):
            yield f"{table}: took the cut entry {entry} out of the log; what is left of it is in _damaged/"
        if restore_checkpoint(lake.storage, table):
            yield f"{table}: made a new checkpoint"


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


def _repair_rows(lake: Lake, unsure: frozenset[str]) -> Iterator[str]:
    """Drop what is not whole; not of sweeps whose files are damaged, which say too little to judge by."""
    checked = check_files(lake)
    unsure |= checked.touched
    try:
        with Catalog(checked.sound) as catalog:
            broken, left = broken_details(catalog), leftovers(catalog, checked.sweeps)
    except (QueryError, OSError):
        return  # the check that follows tells it
    if pairs := _pairs(broken, unsure):
        drop_runs(lake, ("details", "equity", "trades"), pairs, "repair: details that were not whole")
        yield f"dropped the details of {pairs.num_rows:,} runs that were not whole"
    if pairs := _pairs(left, unsure):
        rows = drop_runs(lake, ("equity", "trades"), pairs, "repair: rows that no details name")
        yield f"dropped {rows:,} rows that no details name"


def _pairs(rows: Sequence[Mapping[str, Any]], unsure: frozenset[str]) -> pa.Table | None:
    keys = [
        {name: row[name] for name in ("sweep_id", "run_id")} for row in rows if row["sweep_id"] not in unsure
    ]
    return pa.Table.from_pylist(keys) if keys else None
