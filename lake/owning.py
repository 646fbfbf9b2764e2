"""Owning: whoever takes rows of sweeps out, or brings some back, lets nobody commit for them beside it.

It claims the next epoch of each, and is refused while a driver lives. It makes whole what drivers that died
put down, and shuts them out (`recovery`), computing nothing, in one commit a table for all of the sweeps.
From then on the journal tells all that is visible of the sweep. Commits that carry the sweep's fence are
stopped once a later driver owns it: that one has found the journal as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from lake.commits import Fence
from lake.documents import DocumentDamagedError
from lake.journal import Batch, Journal, JournalTornError, step
from lake.lake import Lake
from lake.ownership import claim, newest_epoch
from lake.recovery import BatchTornError, settle_earlier, shut_out, take_out_void


@dataclass(frozen=True)
class Owned:
    """A sweep that nobody else commits for.

    Attributes:
        journal: Its journal.
    """

    journal: Journal

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """Its batches, every one committed, or void."""
        return tuple(self.journal.batches())

    @property
    def fence(self) -> Fence:
        """What commits of the owner carry."""
        return self.journal.fence(step(self.journal.epoch))


def own(lake: Lake, sweeps: Iterable[str], *, for_good: bool = False) -> dict[str, Owned]:
    """Own those of some sweeps that have a whole journal, by id; nobody can go on with the others.

    Safe to repeat. Nobody needs to wait for this owner: a driver that comes later takes the sweep over.

    Args:
        lake: The lake.
        sweeps: Their ids.
        for_good: Whether they go altogether, so that batches that are torn are no harm.

    Raises:
        SweepOwnedError: If a driver of one of them is alive.
        SweepTakenOverError: If one was taken over meanwhile.
        BatchTornError: If files of a batch are gone, and its rows cannot be told from others any more.
    """
    owned = {}
    for sweep_id in sorted(sweeps):
        try:
            if newest_epoch(lake, sweep_id) > 0:
                journal = Journal(lake, sweep_id, claim(lake, sweep_id, lives=False).epoch)
                owned[sweep_id] = Owned(journal), settle_earlier(journal, lambda _: None)
        except (JournalTornError, DocumentDamagedError):
            continue
    shut_out([held.journal for held, _ in owned.values()])
    for held, void in owned.values():
        try:
            take_out_void(held.journal, void)
        except BatchTornError:
            if not for_good:
                raise
    return {sweep_id: held for sweep_id, (held, _) in owned.items()}
