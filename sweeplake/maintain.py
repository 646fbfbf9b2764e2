"""Maintenance: retention, compaction and vacuum in rounds, beside everything else that uses the lake."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

from lake.compact import compact_table
from lake.compaction import COMPACTED, CompactionSettings, closed_before
from lake.lake import Lake
from lake.listing import listed
from lake.pending import pending
from lake.policy import Pins, Policy
from lake.removal import Removal
from lake.removal_log import RemovalRecord
from lake.remove import NO_PINS, finish_removals, remove
from lake.sources import DamagedFileError
from lake.vacuum import vacuum, vacuum_plan
from sweeplake.retention import plan_retention

Document = dict[str, Any]

WAITS = "waits"
"""What becomes of a removal that was cut off and cannot come to its end now."""


@dataclass(frozen=True)
class Round:
    """One round of maintenance.

    Attributes:
        started_at: When it began, UTC.
        steps: What each step reports, as a JSON document, in order.
        errors: The errors of the steps that failed.
        skipped: What was left out because it was told to stop, as people read it.
    """

    started_at: datetime
    steps: Mapping[str, Document] = field(default_factory=dict)
    errors: Mapping[str, Exception] = field(default_factory=dict)
    skipped: Sequence[str] = ()

    def to_document(self) -> Document:
        """Return it as JSON."""
        errors = {step: f"{type(error).__name__}: {error}" for step, error in self.errors.items()}
        skipped = list(self.skipped)
        return {"started_at": self.started_at, **self.steps, "errors": errors, "skipped": skipped}


def maintain(
    lake: Lake, policy: Policy, *, every_seconds: float | None = None, stop: Event | None = None
) -> Iterator[Round]:
    """Yield rounds of maintenance: one, or one every so many seconds until it is told to stop.

    A step that fails is told in its round, and the others are done. Between steps it looks whether it shall
    stop, and what it leaves out then is told in the round; within one it is safe to kill, and the next round
    finishes what was cut off. Told to stop before it began it yields nothing.

    Args:
        lake: The lake.
        policy: What it keeps.
        every_seconds: From the start of a round to that of the next; None: one round.
        stop: Set by whoever wants it to stop.
    """
    stopped = stop or Event()
    while not stopped.is_set():
        begun = datetime.now(UTC)
        yield _round(lake, policy, begun, stopped)
        if every_seconds is None:
            return
        stopped.wait(max(0.0, every_seconds - (datetime.now(UTC) - begun).total_seconds()))


def retain(lake: Lake, policy: Policy, *, ids: bool = False) -> Document:
    """Apply a policy: remove what it names; or, if a removal was cut off, bring that to its end and no more.

    What a policy names depends on what is there, so that it is planned anew by the next call: a real run
    removes nothing that a dry run does not tell.

    Args:
        lake: The lake.
        policy: The policy.
        ids: Whether the report has the ids of the runs that went, which takes memory for all of them.

    Returns:
        The report.

    Raises:
        PinnedMeanwhileError: If something was pinned meanwhile that the plan names; nothing was removed.
    """
    ended = finish_removals(lake.require(), policy.pins)
    removal = _later() if ended else plan_retention(lake, policy)
    told = report(lake, removal, ids=ids)
    record = remove(lake, removal, policy.pins)
    return {"applied": True, "removal": record and record.id, **ended_document(ended), **told}


def dry_run(lake: Lake, policy: Policy, *, ids: bool = False) -> Document:
    """Return what `retain` would report, and in `pending` what it would finish, or undo, instead."""
    held = pending_document(lake.require(), policy.pins)
    ends = any(removal["then"] != WAITS for removal in held)
    told = report(lake, _later() if ends else plan_retention(lake, policy), ids=ids)
    return {"applied": False, "pending": held, **told}


def _later() -> Removal:
    """Return a removal of nothing, for what a policy names is not known yet."""
    reason = "the policy is planned once what was cut off has come to its end: run it again then"
    return Removal(datetime.now(UTC), (), {}, {}, warnings=(reason,))


def pending_document(lake: Lake, further: Pins = NO_PINS) -> list[Document]:
    """Return what is left of the removals and undos that were cut off, and what becomes of each."""
    return [
        {
            "removal": held.record.id,
            "then": WAITS if held.waits else "undone" if held.undone else "finished",
            "waits_for": held.waits or None,
            "lines": held.left.to_document()["lines"],
        }
        for held in pending(lake, further)
    ]


def ended_document(records: Sequence[RemovalRecord]) -> Document:
    """Return the ids of the removals that were finished, and of those that were undone."""
    return {
        "finished": [record.id for record in records if not record.undone],
        "undone": [record.id for record in records if record.undone],
    }


def report(lake: Lake, removal: Removal, *, ids: bool) -> Document:
    """Return what a removal does as people and programs read it; with ids, of every run that goes."""
    document = removal.to_document()
    if ids:
        found = listed(lake.storage, removal)
        document["lines"] = [{**line, "ids": found[line["line"]]} for line in document["lines"]]
    return document


def _round(lake: Lake, policy: Policy, begun: datetime, stop: Event) -> Round:
    done: dict[str, Document] = {}
    errors: dict[str, Exception] = {}
    skipped: list[str] = []
    for name, step in _steps(lake, policy, begun, stop, skipped).items():
        if stop.is_set():
            skipped.append(name)
            continue
        try:
            done[name] = step()
        except Exception as error:  # noqa: BLE001  a round must not end the job; it is told
            errors[name] = error
    return Round(begun, done, errors, tuple(skipped))


def _steps(
    lake: Lake, policy: Policy, now: datetime, stop: Event, skipped: list[str]
) -> dict[str, Callable[[], Document]]:
    """Return the steps of a round; those that look whether to stop put down what they leave out."""
    steps: dict[str, Callable[[], Document]] = {"retention": lambda: retain(lake, policy)}
    if policy.compact:
        before = closed_before(now) if policy.compact_months else None
        steps["compaction"] = lambda: _compact(lake, before, stop, skipped)
    age = policy.vacuum_age
    if age is not None:
        steps["vacuum"] = lambda: _vacuum(lake, age, stop, skipped)
    return steps


def _compact(lake: Lake, months_before: date | None, stop: Event, skipped: list[str]) -> Document:
    tables: list[Document] = []
    damaged: list[DamagedFileError] = []
    for name in COMPACTED:
        if stop.is_set():
            skipped.append(f"compaction of {name}")
            continue
        done = compact_table(lake, name, CompactionSettings(), months_before=months_before)
        damaged += done.damaged
        if done.rewritten:
            counts = ("files_before", "files_after", "bytes_before", "bytes_after")
            tables.append({"table": name, **{key: getattr(done, key) for key in counts}})
    if damaged:
        raise damaged[0]
    return {"tables": tables}


def _vacuum(lake: Lake, age: timedelta, stop: Event, skipped: list[str]) -> Document:
    plan = vacuum_plan(lake, age)
    files, most = 0, len(plan.leftovers)
    for files in vacuum(lake, plan):
        if stop.is_set() and files < most:
            skipped.append(f"vacuum after {files:,} of {most:,} files")
            break
    return {"files": files, "bytes": plan.size_bytes, "logs_kept": dict(plan.logs_kept)}
