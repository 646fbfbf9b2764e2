"""Retiring: a removal takes sweeps away from whoever could go on with them, for good.

That is every sweep that has a journal: also of one that has finished somebody may be committing again what a
log lost. It claims the next epoch of each, as a driver does, and is refused while one lives. It makes whole
what drivers that died put down, and shuts them out (`recovery`), computing nothing. Then the state `removed`
of all sweeps of the removal is recorded in one commit, which takes a step of each of these epochs: a driver
that took a sweep over meanwhile stops it. One that comes later finds the state, for it looks once its own
epoch has begun in the table of states.
"""

from collections.abc import Sequence

from lake.commits import Fence
from lake.documents import DocumentDamagedError
from lake.journal import Journal, JournalTornError, step
from lake.lake import Lake
from lake.ownership import claim, newest_epoch
from lake.recovery import BatchTornError, recover
from lake.sweep_log import REMOVED, newest_states


def retire(lake: Lake, sweeps: Sequence[str]) -> list[Fence]:
    """Own those of some sweeps that have a journal; return the steps that their state `removed` takes.

    A sweep whose journal is gone, torn, or has a damaged document takes none: nobody can go on with it. Safe
    to repeat.

    Raises:
        SweepOwnedError: If a driver of one of them is alive.
        SweepTakenOverError: If one was taken over meanwhile.
    """
    fences = []
    for sweep_id in _resumable(lake, sweeps):
        try:
            journal = Journal(lake, sweep_id, claim(lake, sweep_id, lives=False).epoch)
            recover(journal, lambda _: None)
        except (JournalTornError, DocumentDamagedError):
            continue
        except BatchTornError:  # all is shut by then
            pass
        fences.append(journal.fence(step(journal.epoch, 1)))
    return fences


def _resumable(lake: Lake, sweeps: Sequence[str]) -> list[str]:
    """Return the sweeps that are not removed yet, and have a journal to go on from."""
    status = {states[-1]["sweep_id"]: states[-1]["status"] for states in newest_states(lake, sweeps)}
    return [
        sweep_id
        for sweep_id in sweeps
        if status.get(sweep_id) != REMOVED and newest_epoch(lake, sweep_id) > 0
    ]
