"""Retiring: a removal takes sweeps away from whoever could go on with them, for good.

That is every sweep that has a journal: also of one that has finished somebody may be committing again what a
log lost. It owns each (`owning`). Then the state `removed` of all sweeps of the removal is recorded in one
commit, which takes a step of each of these epochs: a driver that took a sweep over meanwhile stops it. One
that comes later finds the state, for it looks once its own epoch has begun in the table of states.
"""

from collections.abc import Sequence

from lake.commits import Fence
from lake.journal import step
from lake.lake import Lake
from lake.owning import own
from lake.sweep_log import REMOVED, newest_states


def retire(lake: Lake, sweeps: Sequence[str]) -> dict[str, Fence]:
    """Own those of some sweeps that have a journal; return the steps that their state `removed` takes, by id.

    A sweep whose journal is gone, torn, or has a damaged document takes none: nobody can go on with it. Safe
    to repeat.

    Raises:
        SweepOwnedError: If a driver of one of them is alive.
        SweepTakenOverError: If one was taken over meanwhile.
    """
    owned = own(lake, not_removed(lake, sweeps), for_good=True)
    return {name: held.journal.fence(step(held.journal.epoch, 1)) for name, held in owned.items()}


def not_removed(lake: Lake, sweeps: Sequence[str]) -> list[str]:
    """Return those of some sweeps that are not recorded as removed, in their order."""
    removed = {
        states[-1]["sweep_id"] for states in newest_states(lake, sweeps) if states[-1]["status"] == REMOVED
    }
    return [sweep_id for sweep_id in sweeps if sweep_id not in removed]
