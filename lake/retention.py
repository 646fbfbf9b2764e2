"""Retention: from a policy and what a lake holds to the choices of what goes. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lake.choices import Choice, Scope
from lake.policy import Age, Policy


@dataclass(frozen=True)
class HeldSweep:
    """One sweep as retention sees it.

    Attributes:
        sweep_id: Its id.
        strategy: Strategy name.
        owner: Who started it; None if unknown.
        started_at: Start, UTC.
        ended_at: When its last state was recorded, UTC.
        ended: Whether it has ended and nobody works on it.
        runs: Its rows in metrics.
        failures: Its rows in failures.
        detailed: Its rows in details.
        run_bytes: Bytes of its metrics and failures but for pinned runs; by rows, where sweeps share a file.
        detail_bytes: Bytes of its details, trades and equity, likewise.
        pinned_bytes: Bytes of its pinned runs, reckoned by their number.
        bare: Whether it has no rows, not even of pinned runs, and was not removed.
    """

    sweep_id: str
    strategy: str | None
    owner: str | None
    started_at: datetime
    ended_at: datetime
    ended: bool
    runs: int = 0
    failures: int = 0
    detailed: int = 0
    run_bytes: float = 0.0
    detail_bytes: float = 0.0
    pinned_bytes: float = 0.0
    bare: bool = False


@dataclass(frozen=True)
class Pinned:
    """What no line removes."""

    sweeps: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()


def whole_sweeps(policy: Policy, held: Sequence[HeldSweep], pinned: Pinned, now: datetime) -> list[Choice]:
    """Return what goes by the lines that name whole sweeps, in the order of the lines.

    A sweep that has not ended or is pinned is left out; each goes by the first line that names it. One
    without rows, as it failed before the first, takes no place of `keep.last`, and goes by its age alone.
    """
    chosen = _Chosen(_removable(held, pinned), pinned)
    if policy.keep is not None:
        keep = policy.keep
        chosen.take(f"keep.last = {keep.last}", "sweep", _beyond(chosen.left, keep.last, _group(keep.per)))
    bare = [sweep for sweep in held if _is_free(sweep, pinned) and sweep.bare]
    chosen.take(_named("sweeps", policy.age), "sweep", _older([*chosen.left, *bare], policy.age.sweeps, now))
    chosen.take(_named("metrics", policy.age), "runs", _older(chosen.left, policy.age.metrics, now))
    return chosen.choices


def old_details(
    policy: Policy, held: Sequence[HeldSweep], pinned: Pinned, now: datetime, gone: Sequence[Choice]
) -> list[Choice]:
    """Return what goes by the limits of age of details and failures, of sweeps that are not gone."""
    age = policy.age
    chosen = _Chosen(_removable(held, pinned), pinned)
    for key in ("details", "equity", "trades"):
        limit: timedelta | None = getattr(age, key)
        left = [sweep for sweep in chosen.left if sweep.detailed and sweep.sweep_id not in _sweeps(gone)]
        chosen.take(_named(key, age), "details", _older(left, limit, now))
    failing = _Chosen([sweep for sweep in _removable(held, pinned) if sweep.failures], pinned)
    whole = {sweep for choice in gone if choice.concerns("failures") for sweep in choice.sweeps}
    left = [sweep for sweep in failing.left if sweep.sweep_id not in whole]
    failing.take(_named("failures", age), "failures", _older(left, age.failures, now))
    return chosen.choices + failing.choices


def ranked_sweeps(held: Sequence[HeldSweep], pinned: Pinned, gone: Sequence[Choice]) -> list[str]:
    """Return the sweeps whose details compete for [details]: ended, not pinned, and with details left."""
    lost = {sweep for choice in gone if choice.concerns("details") for sweep in choice.sweeps}
    names = (sweep.sweep_id for sweep in _removable(held, pinned) if sweep.detailed)
    return [name for name in names if name not in lost]


def other_details(policy: Policy, judged: pa.Table, pinned: Pinned) -> list[Choice]:
    """Return what goes because it is not among the best.

    Args:
        policy: The policy.
        judged: Every run with details of the sweeps that compete: sweep_id, run_id, and `stays`, whether it
            is among the best or the sample.
        pinned: What stays in any case.
    """
    if policy.details is None:
        return []
    spared = pc.is_in(judged["run_id"], value_set=pa.array(sorted(pinned.runs), pa.string()))
    lost = judged.filter(pc.invert(pc.or_(judged["stays"], spared)))
    runs = {
        str(sweep): lost.filter(pc.equal(lost["sweep_id"], sweep))["run_id"].combine_chunks().sort()
        for sweep in sorted(pc.unique(lost["sweep_id"]).to_pylist())
    }
    return [Choice(f"details.top = {policy.details.top}", "details", runs=runs)] if runs else []


def over_budget(
    policy: Policy,
    held: Sequence[HeldSweep],
    pinned: Pinned,
    gone: Sequence[Choice],
    total_bytes: float,
) -> list[Choice]:
    """Return what goes until the lake fits: the oldest details first, then the oldest sweeps.

    Bytes are reckoned by rows: what is rewritten may come out a little larger or smaller.

    Args:
        policy: The policy.
        held: Every sweep.
        pinned: What stays.
        gone: What goes by other lines.
        total_bytes: Bytes of all visible files.
    """
    if policy.budget_bytes is None:
        return []
    left = {sweep.sweep_id: sweep for sweep in _removable(held, pinned)}
    over = total_bytes - policy.budget_bytes
    for choice in gone:
        for sweep_id in left.keys() & (choice.sweeps | choice.runs.keys()):
            before = left[sweep_id]
            left[sweep_id] = _without(before, choice)
            over -= _bytes(before) - _bytes(left[sweep_id])
    oldest = sorted(left.values(), key=lambda sweep: (sweep.started_at, sweep.sweep_id))
    details, sweeps = [], []
    for sweep in oldest:
        if over > 0 and sweep.detail_bytes > 0:
            over -= sweep.detail_bytes
            details.append(sweep)
    for sweep in oldest:
        if over > 0 and sweep.run_bytes > 0:
            over -= sweep.run_bytes
            sweeps.append(sweep)
    whole = {sweep.sweep_id for sweep in sweeps}
    chosen = _Chosen(oldest, pinned)
    line = f"budget.bytes = {policy.budget_bytes}"
    chosen.take(line, "details", [sweep for sweep in details if sweep.sweep_id not in whole])
    chosen.take(line, "sweep", sweeps)
    return chosen.choices


class _Chosen:
    """Choices so far, and the sweeps that no line has named yet."""

    def __init__(self, left: Iterable[HeldSweep], pinned: Pinned) -> None:
        self.left, self.pinned, self.choices = list(left), pinned, list[Choice]()

    def take(self, line: str, scope: Scope, sweeps: Sequence[HeldSweep]) -> None:
        if sweeps:
            names = frozenset(sweep.sweep_id for sweep in sweeps)
            self.choices.append(Choice(line, scope, names, spared=self.pinned.runs))
            self.left = [sweep for sweep in self.left if sweep.sweep_id not in names]


def _removable(held: Sequence[HeldSweep], pinned: Pinned) -> list[HeldSweep]:
    return [
        sweep
        for sweep in held
        if _is_free(sweep, pinned) and (sweep.runs or sweep.failures or sweep.detailed)
    ]


def _is_free(sweep: HeldSweep, pinned: Pinned) -> bool:
    return sweep.ended and sweep.sweep_id not in pinned.sweeps


def _beyond(sweeps: Sequence[HeldSweep], last: int, group: Callable[[HeldSweep], object]) -> list[HeldSweep]:
    """Return the sweeps that are not among the newest of their group."""
    seen: dict[object, int] = {}
    beyond = []
    for sweep in sorted(sweeps, key=lambda sweep: (sweep.started_at, sweep.sweep_id), reverse=True):
        place = seen[group(sweep)] = seen.get(group(sweep), 0) + 1
        if place > last:
            beyond.append(sweep)
    return beyond


def _group(per: str) -> Callable[[HeldSweep], object]:
    return lambda sweep: None if per == "lake" else getattr(sweep, per)


def _older(sweeps: Sequence[HeldSweep], limit: timedelta | None, now: datetime) -> list[HeldSweep]:
    return [] if limit is None else [sweep for sweep in sweeps if now - sweep.ended_at > limit]


def _named(key: str, age: Age) -> str:
    limit: timedelta | None = getattr(age, key)
    return f"age.{key} = {limit.total_seconds() / 3600:g}h" if limit else f"age.{key}"


def _sweeps(choices: Sequence[Choice]) -> set[str]:
    return {sweep for choice in choices for sweep in choice.sweeps}


def _without(sweep: HeldSweep, choice: Choice) -> HeldSweep:
    """Return what is left of a sweep."""
    if sweep.sweep_id in choice.runs:
        share = 1.0 - len(choice.runs[sweep.sweep_id]) / max(sweep.detailed, 1)
        return replace(sweep, detail_bytes=sweep.detail_bytes * share)
    if choice.scope == "failures":  # their bytes are few, and reckoned with the runs'
        return sweep
    details_only = choice.scope == "details"
    return replace(sweep, detail_bytes=0.0, run_bytes=sweep.run_bytes if details_only else 0.0)


def _bytes(sweep: HeldSweep) -> float:
    return sweep.run_bytes + sweep.detail_bytes
