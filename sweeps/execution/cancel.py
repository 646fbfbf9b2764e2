"""Cancel: a sweep that ends from another process; what it committed stays, and `resume` goes on with it.

A driver that is alive is asked to stop: it commits what was computed and records the state itself. In the
place of one that is dead the sweep is owned for as long as it takes to commit what that one put down. Which
of them was first the table of states tells, once the sweep is owned: a sweep that has ended by then stays so.
"""

import time
from contextlib import suppress
from typing import Any

from lake.commits import SweepTakenOverError
from lake.journal import Journal, step
from lake.lake import Lake
from lake.lost import require_repaired
from lake.ownership import Claimed, SweepOwnedError, ask_to_stop, claim, live_owner
from lake.recovery import recover
from lake.sweep_log import CANCELLED, FAILED, INTERRUPTED, RUNNING, newest_states, record_state
from sweeps.errors import SweepError
from sweeps.execution.finished import Finished
from sweeps.execution.outcome import Outcome
from sweeps.execution.resume import outcome_of
from sweeps.execution.start import check_kept

PATIENCE_SECONDS = 90.0
"""A driver that is alive and has not stopped by then stands in a commit, or in a storm."""

_POLL_SECONDS = 0.5
_UNENDED = {RUNNING, INTERRUPTED, FAILED}


class SweepNotStoppingError(SweepError):
    """A driver was asked to stop, is alive, and goes on."""

    def __init__(self, sweep_id: str, owner: str) -> None:
        super().__init__(sweep_id, owner)
        self.sweep_id, self.owner = sweep_id, owner

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id}: its driver ({self.owner}) was asked to stop over "
            f"{PATIENCE_SECONDS:.0f} s ago and is still at work; it stops when it can; see "
            f"`sweeplake status {self.sweep_id}`"
        )


def cancel(sweep_id: str, lake: Lake) -> Outcome:
    """End a sweep; return how it ended, which is not `cancelled` if it had ended before.

    Args:
        sweep_id: A sweep that has a state in the lake.
        lake: The lake.

    Raises:
        SweepNotStoppingError: If its driver is alive and does not stop.
        JournalTornError: If its driver died, and what it put down cannot be told any more.
        BatchTornError: Likewise.
        SweepRemovedError: If it was removed meanwhile.
        RepairCutOffError: If nobody runs it, and a repair of it was cut off.
    """
    until, asked = time.monotonic() + PATIENCE_SECONDS, None
    while (state := _newest(lake, sweep_id))["status"] in _UNENDED:
        driver = live_owner(lake, sweep_id)
        if driver is None:
            _end_in_its_place(lake, sweep_id)
        elif time.monotonic() > until:
            raise SweepNotStoppingError(sweep_id, driver.owner.owner)
        else:
            asked = _asked(lake, driver, asked)
            time.sleep(_POLL_SECONDS)
    return outcome_of(state)


def _asked(lake: Lake, driver: Claimed, before: int | None) -> int:
    """Ask a driver to stop, once an epoch; return its epoch."""
    if driver.epoch != before:
        ask_to_stop(lake, driver)
    return driver.epoch


def _end_in_its_place(lake: Lake, sweep_id: str) -> None:
    """Commit what a dead driver put down, and record that the sweep is cancelled; another may be faster.

    Until the sweep is owned, and all before are shut out of its states, its driver, a later one or another
    `cancel` may end it: so whether it is still to be cancelled is told by its state as its owner finds it.
    """
    finished = Finished()
    require_repaired(lake.storage, sweep_id)
    with (
        suppress(SweepOwnedError, SweepTakenOverError),
        claim(lake, sweep_id, cancels=True) as ownership,
    ):
        journal = Journal(lake, sweep_id, ownership.epoch)
        recover(journal, finished.restore)
        state = check_kept(lake, sweep_id)
        if state["status"] not in _UNENDED:
            return
        require_repaired(lake.storage, sweep_id)
        again = {name: value for name, value in state.items() if name != "at"}
        again |= {**finished.counts(), "status": CANCELLED}
        record_state(lake, again, journal.fence(step(ownership.epoch, 1)))


def _newest(lake: Lake, sweep_id: str) -> dict[str, Any]:
    return next(newest_states(lake, [sweep_id]))[-1]
