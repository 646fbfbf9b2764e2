"""Resuming and cancelling: what becomes of a sweep that was started before."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeplake.lake import Lake
from sweeplake.opening import written
from sweeplake.running import LakeSource, cautioned
from sweeplake.sweep import Sweep

if TYPE_CHECKING:
    from distributed import Client

    from sweeps.execution.events import Observer
    from sweeps.execution.outcome import Outcome


def resume(
    sweep_id: str,
    *,
    lake: LakeSource = None,
    client: "Client | str | None" = None,
    workers: int | None = None,
    take_over: bool = False,
    observer: "Observer | None" = None,
    max_runs: int | None = None,
    max_seconds: float | None = None,
    max_failures: int | None = None,
) -> Sweep:
    """Go on with a sweep that was interrupted, failed, or whose driver died; to its end, as `run`.

    One that `cancel` ended before this could begin to compute stays cancelled.

    The sweep's own configuration, strategy and bars are used, as the lake stores them. What is committed is
    not computed again; winners without details get them. Of one that is finished, what its journal has and
    its tables lost is committed again; one that is whole is returned as it is.

    Args:
        sweep_id: The sweep; "latest" is the newest.
        lake: Its lake.
        client: As for `run`.
        workers: As for `run`.
        take_over: Go on also while another driver is alive; that one stops at its next commit.
        observer: As for `run`.
        max_runs: As for `run`, of runs that are computed from now on.
        max_seconds: As for `run`, from now on.
        max_failures: As for `run`, of the whole sweep.

    Returns:
        The sweep; its outcome counts the runs of all its drivers.

    Raises:
        UnknownNameError: If there is no such sweep.
        BadBudgetError: If a limit cannot be kept.
        BadClusterError: If `client` or `workers` name no cluster.
        SweepOwnedError: If another driver is alive and is not to be taken over.
        TooManyFailuresError: If more runs have failed than may; at once, if they had before.
        SweepChangedError: If the strategy's code, the bars or the simulation are not what they were.
        SweepRemovedError: If it was removed.
        RepairCutOffError: If a repair of it was cut off.
        SweepIncompleteError: If it is finished and lacks runs that its journal does not tell of.
        LakeError: If the lake is missing or cannot be written.
    """
    from lake.ownership import require_free
    from lake.sweep_log import REMOVED
    from lake.undo import undo_unfinished
    from queries.removed import removed_sweep
    from queries.sweep import failed_runs, sweep_row
    from sweeps.execution.asked_cluster import check_cluster
    from sweeps.execution.budget import Budget
    from sweeps.execution.embedded import prepare_workers
    from sweeps.execution.resume import restore
    from sweeps.execution.start import SweepRemovedError

    check_cluster(client, workers)
    budget = Budget(max_runs, max_seconds, max_failures)
    opened = written(lake).refresh()
    sweep_id = opened.sweep_id(sweep_id)
    if undo_unfinished(opened.tables, sweep_id):
        opened.refresh()
    outcome = _ended(opened, sweep_id, observer, take_over=take_over)
    if outcome is not None:
        return Sweep(opened, sweep_id, outcome)
    state = sweep_row(opened.catalog, sweep_id)
    if state["status"] == REMOVED and (removal := removed_sweep(opened.catalog, sweep_id)):
        raise SweepRemovedError(sweep_id, str(removal))
    if not take_over:
        require_free(opened.tables, sweep_id)  # told before a cluster is started for it
    failed = failed_runs(opened.catalog, sweep_id)
    budget.check_failures(sweep_id, failed)
    if client is None:
        prepare_workers()
    start = restore(state, opened.tables)
    prepared = cautioned(start.prepared, client, workers)
    if failed and max_failures is None:
        caution = f"{failed:,} of its runs have failed, and without --max-failures nothing limits them"
        prepared = replace(prepared, cautions=(*prepared.cautions, caution))
    start = replace(start, prepared=prepared)
    from sweeps.execution.cluster import connected
    from sweeps.execution.driver import go_on
    from sweeps.execution.events import silent

    with connected(client, workers) as connection:
        told = observer or silent
        outcome = go_on(start, opened.tables, connection, told, take_over=take_over, budget=budget)
    opened.refresh()
    return Sweep(opened, sweep_id, outcome)


def cancel(sweep_id: str, *, lake: LakeSource = None) -> Sweep:
    """Stop a sweep that runs in another process, on any machine; what is computed is committed and stays.

    `resume` goes on with it. One whose driver died is ended in its place, once its heartbeat is stale. One
    that has ended stays as it is.

    Args:
        sweep_id: The sweep; "latest" is the newest.
        lake: Its lake.

    Returns:
        The sweep; its outcome tells how it ended, `cancelled` or as it had before.

    Raises:
        UnknownNameError: If there is no such sweep.
        SweepNotStoppingError: If its driver is alive and does not stop.
        SweepRemovedError: If it was removed meanwhile.
        RepairCutOffError: If nobody runs it, and a repair of it was cut off.
        LakeError: If the lake is missing or cannot be written.
    """
    from sweeps.execution.cancel import cancel as end

    opened = written(lake).refresh()
    sweep_id = opened.sweep_id(sweep_id)
    outcome = end(sweep_id, opened.tables)
    opened.refresh()
    return Sweep(opened, sweep_id, outcome)


def _ended(lake: Lake, sweep_id: str, observer: "Observer | None", *, take_over: bool) -> "Outcome | None":
    """Return how a sweep ended, its journal made whole in the tables; None if something is to be computed."""
    from lake.lost import open_losses, require_repaired
    from lake.sweep_log import REMOVED
    from lake.unsettled import has_journal
    from queries.check import missing_runs
    from queries.sweep import sweep_row
    from sweeps.execution.events import FoundWhole, RolledForward
    from sweeps.execution.resume import SweepIncompleteError, ended
    from sweeps.execution.settle import is_settled, settle

    state = sweep_row(lake.catalog, sweep_id)
    if state["status"] != REMOVED:
        require_repaired(lake.tables.storage, sweep_id)  # told before anything is claimed
    outcome = ended(state)
    if outcome is None or open_losses(lake.tables.storage, sweep_id):
        return None
    was_whole = is_settled(lake.tables, sweep_id)
    if not was_whole:
        outcome = settle(sweep_id, lake.tables, take_over=take_over)
        lake.refresh()
    if outcome is None:
        return None
    if missing := missing_runs(lake.catalog, {sweep_id: state}).get(sweep_id):
        reason = "its journal says that all of them are committed"
        if not has_journal(lake.tables, sweep_id):
            reason = "vacuum took its journal, which told what the others were"
        raise SweepIncompleteError(sweep_id, *missing, reason)
    if observer is not None:
        observer(FoundWhole(sweep_id) if was_whole else RolledForward(sweep_id))
    return outcome
