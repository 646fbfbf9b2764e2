"""Checking a lake, repaired first if that is asked for: its files, then its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lake.check import Checked, check_files
from lake.document_check import check_documents
from lake.documents import DocumentDamagedError
from lake.findings import (
    CUT_OFF,
    DOUBLED,
    HALF_REPAIRED,
    STATELESS,
    TAKEN_OUT,
    UNCOMMITTED,
    Finding,
    repair_command,
)
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake
from lake.lost import all_open_losses, half_repaired
from lake.pending import unfinished
from lake.removal_log import undos_begun
from lake.unsettled import behind
from queries.check import check_rows
from sweeplake.repairing import Repair
from sweeplake.settling import resumable

_AT_WORK = timedelta(hours=1)
"""A removal that was planned within this may still be at work: that it has not ended is harmless."""


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
    """
    lake.require()
    done = Repair(lake, deep=deep, drop_damaged=drop_damaged) if repair else None
    if done is not None:
        done.run()
    checked = check_files(lake, deep=deep)
    documents = check_documents(lake.storage, checked.sweeps.removed, deep=deep)
    findings = [*checked.findings, *documents]
    if done is not None:
        told = {finding.file for finding in findings if finding.file}
        findings += [finding for finding in done.damaged if finding.file not in told]
    if not checked.blind:
        findings += [*_row_findings(lake, checked), *_cut_off(lake)]
    return Report(findings, () if done is None else done.lines, checked.files, checked.bytes, deep)


def _row_findings(lake: Lake, checked: Checked) -> Iterator[Finding]:
    """Yield what rows tell beyond the files that are lost, and beyond what a journal can bring back."""
    found = [
        finding
        for finding in check_rows(
            checked.sound,
            checked.sweeps,
            lambda sweep: resumable(lake, sweep),
            lambda: KnownSweeps.of(lake.snapshot(["sweeps"])),
        )
        if finding.kind == DOUBLED or not checked.halved.intersection(finding.sweeps)
    ]
    half = half_repaired(lake.storage) - checked.sweeps.removed
    for sweep in sorted(half):
        text = "a repair of it was cut off, or is at work: what it takes out is half there"
        remedy = f"{repair_command(deep=False, drop=True)} finishes it, or tells what is in its way"
        yield Finding(HALF_REPAIRED, "", "", (sweep,), text, remedy)
    kept = (DOUBLED, STATELESS)
    found = [finding for finding in found if finding.kind in kept or not half.intersection(finding.sweeps)]
    ended = checked.sweeps.ended
    for sweep in sorted({sweep for finding in found for sweep in finding.sweeps} & ended - half):
        if tables := behind(lake, sweep):
            found = [finding for finding in found if finding.kind == DOUBLED or sweep not in finding.sweeps]
            text = f"its journal has what {', '.join(tables)} lost"
            remedy = f"`sweeplake resume {sweep}` commits it again"
            yield Finding(UNCOMMITTED, ", ".join(tables), "", (sweep,), text, remedy)
    yield from found
    told = {sweep for finding in found for sweep in finding.sweeps}
    wanting = {loss.sweep_id for loss in all_open_losses(lake.storage)} & ended - checked.sweeps.removed
    for sweep in sorted(wanting - told - half):
        text = "what a repair took out of it is not computed again yet"
        yield Finding(TAKEN_OUT, "", "", (sweep,), text, f"`sweeplake resume {sweep}` computes it")


def _cut_off(lake: Lake) -> Iterator[Finding]:
    """Yield the removals and undos that have not ended."""
    try:
        found = unfinished(lake)
    except DocumentDamagedError:  # it is told by the check of documents
        return
    begun = undos_begun(lake, found)
    for record in found:
        what = f"removal {record.id}"
        text = f"{what} was begun and has not ended: it was cut off, or is at work"
        next_one = "`sweeplake retain --apply`, `sweeplake delete` or `sweeplake maintain`"
        remedy = (
            f"the next {next_one} finishes it; `sweeplake undo` brings back what it took, if it is the last"
        )
        if record.id in begun:
            text = f"the undo of {what} was begun and has not ended: it was cut off, or is at work"
            remedy = (
                f"the next {next_one} brings it to its end, and so does `sweeplake undo`, if it is the last"
            )
        sweeps = sorted({sweep for choice in record.choices for sweep in (*choice.sweeps, *choice.runs)})
        young = record.id not in begun and datetime.now(UTC) - record.at < _AT_WORK
        yield Finding(CUT_OFF, "", "", tuple(sweeps), text, remedy, harmless=young)
