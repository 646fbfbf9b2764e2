"""Settle: a sweep's journal made whole again in the tables, without computing anything."""

from lake.journal import Journal, step
from lake.lake import Lake
from lake.lost import is_repaired, open_losses
from lake.ownership import claim
from lake.recovery import recover
from lake.sweep_log import INTERRUPTED, record_state
from lake.unsettled import behind, half_settled, recorded_epoch, voided_since
from sweeps.execution.finished import Finished
from sweeps.execution.outcome import Outcome
from sweeps.execution.resume import ended
from sweeps.execution.start import check_kept


def is_settled(lake: Lake, sweep_id: str) -> bool:
    """Return whether all that drivers of a sweep put down is committed, and the last one told its end."""
    return not (half_settled(lake, sweep_id) or behind(lake, sweep_id))


def settle(sweep_id: str, lake: Lake, *, take_over: bool = False) -> Outcome | None:
    """Own a sweep for as long as it takes to commit what its journal has and its tables do not.

    A sweep that had ended when this owns it is recorded again: as it ended, or as interrupted if blocks of it
    are open now. Safe to repeat, also after a crash at any point.

    Args:
        sweep_id: The sweep.
        lake: The lake.
        take_over: Go on also while another driver is alive; that one stops.

    Returns:
        How the sweep ended; None if `go_on` has something to compute.

    Raises:
        SweepOwnedError: If another driver is alive and is not to be taken over.
        SweepRemovedError: If it was removed.
        BatchTornError: If files of it are gone, and its rows cannot be told from others any more.
    """
    before = recorded_epoch(lake, sweep_id)
    finished = Finished()
    with claim(lake, sweep_id, take_over=take_over) as ownership:
        journal = Journal(lake, sweep_id, ownership.epoch)
        recover(journal, finished.restore)
        state = check_kept(lake, sweep_id)
        if ended(state) is None:
            return None
        is_open = bool(open_losses(lake.storage, sweep_id)) or voided_since(lake, sweep_id, before)
        is_open = is_open or not is_repaired(lake.storage, sweep_id)  # the repair may be who asks
        is_whole = finished.done == state["runs"] and not is_open
        again = {name: value for name, value in state.items() if name != "at"}
        again |= finished.counts()
        again |= {} if is_whole else {"status": INTERRUPTED}
        record_state(lake, again, journal.fence(step(ownership.epoch, 1)))
    return ended(again)
