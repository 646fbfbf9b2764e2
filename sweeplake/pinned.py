"""Pinned: what no line of a policy removes, and what to tell of pins whose sweep or run is not there."""

from lake.journal import Batch, Journal
from lake.lake import Lake
from lake.lost import Loss, all_losses
from lake.pins import Pin, pin, pins, unpin
from lake.policy import Policy
from lake.removed_runs import may_hold
from lake.retention import Pinned
from queries.catalog import Catalog
from queries.errors import RemovedError, UnknownNameError
from queries.keep import kind_of, missing_pins
from queries.removed import removed_run, removed_sweep
from sweeps.retention.policy_file import PolicyError

_HALF = 16


def protect(lake: Lake, name: str, note: str = "") -> Pin:
    """Pin a sweep or run that the lake has.

    A removal that took it before it could see the pin is seen here: then there is no pin.

    Raises:
        LakeMissingError: If there is no lake.
        UnknownNameError: If it has neither.
        RemovedError: If it was removed.
    """
    made = pin(lake, _kind_of(lake, name), name, note)
    try:
        _kind_of(lake, name)
    except (RemovedError, UnknownNameError):
        unpin(lake, name)
        raise
    return made


def _kind_of(lake: Lake, name: str) -> str:
    with Catalog(lake.require()) as catalog:
        return kind_of(catalog, name)


def pinned_by(lake: Lake, catalog: Catalog, policy: Policy) -> tuple[Pinned, tuple[str, ...]]:
    """Return what a policy and the pins in a lake protect, and a warning for each pin of what is gone.

    What was removed, or taken out by a repair, may come back, so that its pin stands.

    Raises:
        PolicyError: If the policy pins what the lake never had.
    """
    named, held = policy.pins, pins(lake)
    warnings, problems = [], []
    for name, kind in missing_pins(catalog, named.sweeps, named.runs).items():
        gone = _gone(lake, catalog, kind, name)
        if gone:
            warnings.append(f"{policy.source}: pins.{kind}s: {gone}, or take it off the list")
        else:
            reason = f"the lake has no {kind} {name}; take it off the list in {policy.source}"
            problems.append((f"pins.{kind}s", reason))
    if problems:
        raise PolicyError(policy.source, tuple(problems))
    pinned = Pinned(
        frozenset(named.sweeps) | {pin.id for pin in held if pin.kind == "sweep"},
        frozenset(named.runs) | {pin.id for pin in held if pin.kind == "run"},
    )
    return pinned, tuple(warnings)


def _gone(lake: Lake, catalog: Catalog, kind: str, name: str) -> str:
    """Return what became of a sweep or run that is not there, and how it comes back; "" if it never was."""
    removal = removed_sweep(catalog, name) if kind == "sweep" else removed_run(catalog, name)
    if removal is not None:
        return f"{kind} {name} was {removal}; bring it back with `sweeplake undo`"
    loss = _loss_of(lake, name) if kind == "run" else None
    if loss is None:
        return ""
    sweep = loss.sweep_id
    return f"run {name} went in a repair of sweep {sweep}; compute it with `sweeplake resume {sweep}`"


def _loss_of(lake: Lake, run_id: str) -> Loss | None:
    """Return the loss whose blocks a run was in, told by the bounds of the files that they were written to.

    The runs of a symbol in a sweep share the first half of their ids, so that no other sweep's are taken for
    them.
    """
    for loss in all_losses(lake.storage):
        journal = Journal(lake, loss.sweep_id)
        lost = {(epoch, number) for epoch, number, _ in loss.blocks}
        for batch in journal.batches():
            if (batch.epoch, batch.number) in lost and _had(batch, loss, run_id):
                return loss
    return None


def _had(batch: Batch, loss: Loss, run_id: str) -> bool:
    files = [*batch.of("metrics"), *batch.of("failures")]
    return any(
        may_hold(file, run_id) and run_id[:_HALF] in {str(end)[:_HALF] for end in file.bounds("run_id")}
        for file in files
        if loss.symbol is None or file.partition.get("symbol") in (None, loss.symbol)
    )
