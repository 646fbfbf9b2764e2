"""Owning: a repair takes rows of sweeps out, and nobody may commit for them, or compute, beside it.

It claims the next epoch of each, as a removal does (`retiring`), and is refused while a driver lives. It
makes whole what drivers that died put down, and shuts them out (`recovery`), computing nothing. From then on
the journal tells all that is visible of the sweep. Commits that carry the sweep's fence are stopped once a
later driver owns it: that one has found the journal as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lake.commits import Fence
from lake.documents import DocumentDamagedError
from lake.journal import Batch, Journal, JournalTornError, step
from lake.lake import Lake
from lake.ownership import claim
from lake.recovery import recover


@dataclass(frozen=True)
class Owned:
    """A sweep that nobody else commits for.

    Attributes:
        batches: Its journal; every batch committed, or void.
        fence: What its commits carry.
    """

    batches: tuple[Batch, ...]
    fence: Fence


def own(lake: Lake, sweeps: Iterable[str]) -> dict[str, Owned]:
    """Own those of some sweeps that have a whole journal, by id; nobody can go on with the others.

    Safe to repeat. Nobody needs to wait for this owner: a driver that comes later takes the sweep over.

    Raises:
        SweepOwnedError: If a driver of one of them is alive.
        SweepTakenOverError: If one was taken over meanwhile.
        BatchTornError: If files of a batch are gone, and its rows cannot be told from others any more.
    """
    owned = {}
    for sweep_id in sorted(sweeps):
        try:
            if not Journal(lake, sweep_id).names():
                continue
            journal = Journal(lake, sweep_id, claim(lake, sweep_id, lives=False).epoch)
            recover(journal, lambda _: None)
        except (JournalTornError, DocumentDamagedError):
            continue
        owned[sweep_id] = Owned(tuple(journal.batches()), journal.fence(step(journal.epoch)))
    return owned
