"""Retention and deletion: what a policy or a command takes out of a lake, planned; `lake.remove` does it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from lake.budget import fixed_bytes, unreachable
from lake.choices import Choice
from lake.clock import store_time
from lake.copying import counter
from lake.documents import DocumentDamagedError
from lake.lake import Lake
from lake.ownership import is_live, silent_since
from lake.pins import Pin, ProtectedError, pins
from lake.policy import Details, Policy
from lake.removal import Removal, plan_removal
from lake.retention import (
    HeldSweep,
    Pinned,
    old_details,
    other_details,
    over_budget,
    ranked_sweeps,
    whole_sweeps,
)
from lake.schemas import CUSTOM_METRIC_PREFIX, METRIC_NAMES
from lake.sweep_log import CANCELLED, FAILED, INTERRUPTED, RUNNING
from lake.usage import bytes_by_sweep, bytes_by_table
from queries.catalog import Catalog
from queries.errors import UnknownNameError
from queries.keep import chosen_by_id, held_sweeps, judged_details, pinned_counts
from sweeplake.pinned import pinned_by
from sweeps.errors import did_you_mean
from sweeps.retention.policy_file import PolicyError
from sweeps.retention.policy_values import METRIC_LIST

_RUNS, _DETAILS = ("metrics", "failures"), ("details", "trades", "equity")

DEAD_AFTER = timedelta(hours=1)
"""A sweep whose driver gave no sign of life for so long has ended there, as far as policies go."""


def plan_retention(lake: Lake, policy: Policy, now: datetime | None = None) -> Removal:
    """Return what a policy takes out of a lake's newest snapshot; changes nothing.

    Args:
        lake: The lake.
        policy: The policy.
        now: Until when ages are counted, UTC; None is the present.

    Raises:
        LakeMissingError: If there is no lake.
        PolicyError: If the policy pins what the lake never had, or ranks by a metric that it has not.
    """
    at = now or datetime.now(UTC)
    with Catalog(lake.require()) as catalog:
        pinned, warnings = pinned_by(lake, catalog, policy)
        held = _held(lake, catalog, pinned, measured=policy.budget_bytes is not None)
        choices, warning = _chosen(catalog, policy, held, pinned, at)
        asked = set[str]()
        while named := {name for choice in choices for name in (*choice.sweeps, *choice.runs)} - asked:
            asked |= named
            owned = {name for name in named if _is_owned(lake, name)}  # also a finished one may be settled
            if owned:
                held = [replace(sweep, ended=sweep.ended and sweep.sweep_id not in owned) for sweep in held]
                choices, warning = _chosen(catalog, policy, held, pinned, at)
        warnings += () if warning is None else (warning,)
        runs = {sweep.sweep_id: sweep.runs for sweep in held}
        goes = _runs(choices, runs)
        return plan_removal(at, choices, goes, catalog.snapshot, counter(lake.storage), warnings)


def _chosen(
    catalog: Catalog, policy: Policy, held: Sequence[HeldSweep], pinned: Pinned, at: datetime
) -> tuple[list[Choice], str | None]:
    """Return what a policy's lines take, and why its budget takes nothing, if that is so."""
    choices = whole_sweeps(policy, held, pinned, at)
    choices += old_details(policy, held, pinned, at, choices)
    if policy.details is not None:
        ranked = ranked_sweeps(held, pinned, choices)
        choices += other_details(policy, _judged(catalog, policy, policy.details, ranked), pinned)
    visible = bytes_by_table(catalog.snapshot)
    warning = unreachable(policy, fixed_bytes(held, pinned, visible))
    if warning is None:
        choices += over_budget(policy, held, pinned, choices, sum(visible.values()))
    return choices, warning


def plan_deletion(lake: Lake, name: str) -> Removal:
    """Return what goes with one sweep, or with one run in every sweep that has it; changes nothing.

    Raises:
        LakeMissingError: If there is no lake.
        UnknownNameError: If there is no such sweep or run.
        ProtectedError: If it is pinned, or a sweep that has it has not ended.
    """
    with Catalog(lake.require()) as catalog:
        choice = chosen_by_id(catalog, name, f"delete {name}")
        sweeps = {*choice.sweeps, *choice.runs}
        for held in pins(lake):
            if held.id == name or held.id in sweeps or _holds(catalog, choice, held):
                raise ProtectedError(name, f"{held.id} is pinned; `sweeplake unpin {held.id}` first")
        states = {sweep.sweep_id: sweep for sweep in _held(lake, catalog, Pinned(), measured=False)}
        for sweep in sorted(sweeps & states.keys()):
            if _is_owned(lake, sweep):
                reason = f"sweep {sweep} is running; wait for its end, or `sweeplake cancel {sweep}`"
                raise ProtectedError(name, reason)
        runs = {sweep: held.runs for sweep, held in states.items()}
        at = datetime.now(UTC)
        return plan_removal(at, [choice], _runs([choice], runs), catalog.snapshot, counter(lake.storage))


def _holds(catalog: Catalog, choice: Choice, held: Pin) -> bool:
    if held.kind != "run" or not choice.sweeps:
        return False
    query = """
    select 1 as one from metrics where run_id = $1 and sweep_id = $2
    union all
    select 1 from failures where run_id = $1 and sweep_id = $2
    """
    return bool(catalog.rows(query, [held.id, min(choice.sweeps)]))


def _judged(catalog: Catalog, policy: Policy, rule: Details, sweeps: Sequence[str]) -> pa.Table:
    try:
        return judged_details(catalog, rule, sweeps)
    except UnknownNameError as error:
        key = "details.score" if rule.score else "details.metric"
        known = [name for name in catalog.schema.names if name.startswith(CUSTOM_METRIC_PREFIX)]
        remedy = did_you_mean(error.name, [*METRIC_NAMES, *known]) or f"; `{METRIC_LIST}` lists all"
        problem = key, f"the lake has no metric {error.name}{remedy}"
        raise PolicyError(policy.source, (problem,)) from None


def _held(lake: Lake, catalog: Catalog, pinned: Pinned, *, measured: bool) -> list[HeldSweep]:
    sweeps = [_seen(row, _ended_at(lake, row)) for row in held_sweeps(catalog, pinned.runs)]
    if not measured:
        return sweeps
    filled = bytes_by_sweep(catalog.snapshot)
    kept = pinned_counts(catalog, pinned.runs) if pinned.runs else {}
    return [_measured(sweep, filled, *kept.get(sweep.sweep_id, (0, 0))) for sweep in sweeps]


def _seen(row: Mapping[str, Any], ended_at: datetime | None) -> HeldSweep:
    known = {key: value for key, value in row.items() if key not in ("status", "ended_at")}
    return HeldSweep(**known, ended=ended_at is not None, ended_at=ended_at or row["ended_at"])


def _measured(
    sweep: HeldSweep, filled: Mapping[str, Mapping[str, float]], pinned_runs: int, pinned_details: int
) -> HeldSweep:
    """Return a sweep with its bytes; pinned runs have their share of them."""
    runs, details = (_bytes(filled, tables, sweep.sweep_id) for tables in (_RUNS, _DETAILS))
    of_runs = runs * pinned_runs / max(1, pinned_runs + sweep.runs + sweep.failures)
    of_details = details * pinned_details / max(1, pinned_details + sweep.detailed)
    return replace(
        sweep,
        run_bytes=runs - of_runs,
        detail_bytes=details - of_details,
        pinned_bytes=of_runs + of_details,
    )


def _ended_at(lake: Lake, row: Mapping[str, Any]) -> datetime | None:
    """Return when a sweep ended, or its driver died; None while somebody works on it, or may do so."""
    recorded: datetime = row["ended_at"]
    if row["status"] == RUNNING:
        last = _silent_since(lake, row["sweep_id"])
        dead = last is not None and store_time(lake.storage) - last > DEAD_AFTER
        return max(recorded, last) if dead and last is not None else None
    if row["status"] in {INTERRUPTED, CANCELLED, FAILED}:  # somebody may be resuming it
        return None if _is_owned(lake, row["sweep_id"]) else recorded
    return recorded


def _silent_since(lake: Lake, sweep_id: str) -> datetime | None:
    """Return a sweep's last sign of life; None where its journal is gone, or has a damaged document."""
    try:
        return silent_since(lake, sweep_id)
    except DocumentDamagedError:
        return None


def _is_owned(lake: Lake, sweep_id: str) -> bool:
    """Return whether somebody works on a sweep; with a damaged document in its journal nobody can."""
    try:
        return is_live(lake, sweep_id)
    except DocumentDamagedError:
        return False


def _bytes(filled: Mapping[str, Mapping[str, float]], tables: Sequence[str], sweep: str) -> float:
    return sum(filled[table].get(sweep, 0.0) for table in tables if table in filled)


def _runs(choices: Sequence[Choice], runs: Mapping[str, int]) -> dict[str, int]:
    """Return the runs of each sweep that goes."""
    return {
        sweep: runs.get(sweep, 0)
        for choice in choices
        if choice.concerns("metrics")
        for sweep in sorted(choice.sweeps)
    }
