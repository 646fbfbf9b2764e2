"""Settling: after a log lost a commit, the journals of all sweeps that have it are rolled forward."""

from collections.abc import Sequence
from dataclasses import dataclass

from lake.documents import DocumentDamagedError
from lake.errors import LakeError, LakeUnreachableError
from lake.lake import Lake
from lake.lost import lost_blocks, open_losses
from lake.retiring import not_removed
from lake.unsettled import behind, has_journal


@dataclass(frozen=True)
class Settled:
    """What became of the sweeps whose journals have more than their tables.

    Attributes:
        done: Those that were committed again, a line each.
        left: Those that were not, and what to do, a line each.
    """

    done: Sequence[str]
    left: Sequence[str]


def settle_all(lake: Lake) -> Settled:
    """Commit again what the journals of sweeps have and their tables lost; safe to repeat."""
    done, left = list[str](), list[str]()
    fresh = Lake(lake.storage)  # what is known of the tables is from before their logs were repaired
    try:
        for sweep in not_removed(fresh, lake.storage.list("_sweeps")):
            _settle(fresh, sweep, done, left)
    except LakeError as error:
        left.append(f"nothing further was taken out: {error}")
    return Settled(done, left)


def resumable(lake: Lake, sweep_id: str) -> bool:
    """Return whether `resume` computes or commits what a finished sweep lacks."""
    try:
        lost = open_losses(lake.storage, sweep_id) and lost_blocks(lake.storage, sweep_id)
    except DocumentDamagedError:
        return False  # told by itself
    return has_journal(lake, sweep_id) and bool(lost or behind(lake, sweep_id))


def _settle(lake: Lake, sweep: str, done: list[str], left: list[str]) -> None:
    from sweeps.execution.settle import settle  # imports Dask
    from sweeps.execution.start import SweepRemovedError

    try:
        if not behind(lake, sweep):
            return
        outcome = settle(sweep, lake)
    except SweepRemovedError:
        return
    except LakeUnreachableError:
        raise
    except LakeError as error:  # the other sweeps are settled for all that
        left.append(f"nothing further was taken out: {error}")
        return
    what = f"sweep {sweep}: committed again what its journal has"
    done.append(what if outcome else f"{what}; `sweeplake resume {sweep}` computes what is missing")
