"""Ownership: which driver may commit for a sweep, and whether it is alive.

A driver owns a sweep by `_sweeps/<sweep_id>/owner-<epoch>.json`, which is put if absent and never changed,
so that every epoch has one driver. While it lives it rewrites `heartbeat-<epoch>.json` beside it. How old
that is the storage says: the heartbeat's time of writing is held against that of a probe, put for the
purpose, and no machine's clock is asked. Who wants it to stop puts `stop-<epoch>.json`, which it looks for
with every beat.
"""

import json
import os
import socket
import threading
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from lake.clock import store_time
from lake.documents import DocumentDamagedError, read_document
from lake.errors import LakeError
from lake.lake import Lake
from lake.storage import Storage

BEAT_SECONDS = 5.0
"""How often a driver rewrites its heartbeat."""
STALE_SECONDS = 30.0
"""An older heartbeat is that of a driver that is dead, or that the next one stops at its next commit."""


class SweepOwnedError(LakeError):
    """A driver that is alive owns the sweep."""

    def __init__(self, sweep_id: str, epoch: int, owner: str, since: str) -> None:
        super().__init__(sweep_id, epoch, owner, since)
        self.sweep_id, self.epoch, self.owner, self.since = sweep_id, epoch, owner, since

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} is run by {self.owner} since {self.since} (epoch {self.epoch}), alive "
            f"less than {STALE_SECONDS:.0f} s ago; wait for it, or stop it and go on in its place: "
            f"`sweeplake resume {self.sweep_id} --take-over`"
        )


class SweepCancelsError(SweepOwnedError):
    """The owner that is alive ends the sweep in a dead driver's place, which takes moments."""

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} is being cancelled by {self.owner} since {self.since} (epoch "
            f"{self.epoch}); wait for that; to go on with it then: `sweeplake resume {self.sweep_id}`"
        )


@dataclass(frozen=True)
class Owner:
    """A driver that claimed a sweep.

    Attributes:
        owner: Its host and process.
        at: When it claimed, by its own clock, ISO 8601.
        token: What tells its files from those of any other driver.
        lives: Whether it has a heart. A removal has none: nobody needs to wait for it.
        cancels: Whether it is there to cancel the sweep, and computes nothing.
    """

    owner: str
    at: str
    token: str
    lives: bool = True
    cancels: bool = False

    @staticmethod
    def here(*, lives: bool = True, cancels: bool = False) -> "Owner":
        """Return this process, as an owner that was never before."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return Owner(f"{socket.gethostname()}:{os.getpid()}", at, uuid.uuid4().hex, lives, cancels)


@dataclass(frozen=True)
class Claimed:
    """An epoch of a sweep, and the driver that has it."""

    sweep_id: str
    epoch: int
    owner: Owner


def owner_of(document: dict[str, Any]) -> Owner:
    """Return the owner that a document tells."""
    return Owner(**document)


def sweep_folder(sweep_id: str) -> str:
    """Return where a sweep's journal lies, relative to the lake."""
    return f"_sweeps/{sweep_id}"


def owner_name(epoch: int) -> str:
    """Return the name of an epoch's owner in the sweep's folder."""
    return f"owner-{epoch:06d}.json"


def newest_owner(lake: Lake, sweep_id: str) -> Claimed | None:
    """Return the last driver that claimed a sweep; None if none ever did.

    Whether one lives whose document is damaged is told by the times of its files alone.
    """
    epoch = newest_epoch(lake, sweep_id)
    return Claimed(sweep_id, epoch, _owner(lake.storage, sweep_id, epoch)) if epoch else None


def newest_epoch(lake: Lake, sweep_id: str) -> int:
    """Return the epoch of the last driver that claimed a sweep; 0 if none ever did."""
    names = [name for name in lake.storage.list(sweep_folder(sweep_id)) if name.startswith("owner-")]
    return int(names[-1].removesuffix(".json").split("-")[1]) if names else 0


def live_owner(lake: Lake, sweep_id: str) -> Claimed | None:
    """Return the driver that runs a sweep now; None if it ended, or its heartbeat is stale.

    It puts a probe into the sweep's folder and removes it again.
    """
    newest = newest_owner(lake, sweep_id)
    return newest if newest is not None and _beats(lake.storage, newest) else None


def is_live(lake: Lake, sweep_id: str) -> bool:
    """Return whether a driver runs a sweep now."""
    return live_owner(lake, sweep_id) is not None


def silent_since(lake: Lake, sweep_id: str) -> datetime | None:
    """Return the last sign of life of a sweep's last driver, by the store's clock; None if it had none."""
    newest = newest_owner(lake, sweep_id)
    if newest is None:
        return None
    found = (lake.storage.modified(_name(kind, newest)) for kind in ("heartbeat", "owner"))
    return max((at for at in found if at is not None), default=None)


def is_driven_since(lake: Lake, sweep_id: str, epoch: int) -> bool:
    """Return whether a driver claimed a sweep after an epoch; removals and repairs are none."""
    later = range(epoch + 1, newest_epoch(lake, sweep_id) + 1)
    return any(_owner(lake.storage, sweep_id, number).lives for number in later)


def require_free(lake: Lake, sweep_id: str) -> None:
    """Return if nobody runs a sweep.

    Raises:
        SweepOwnedError: If a driver that is alive owns it.
    """
    live = live_owner(lake, sweep_id)
    if live is not None:
        raise _owned(live)


def ask_to_stop(lake: Lake, claimed: Claimed) -> None:
    """Ask a driver to commit what it has and to stop; it does so within some beats. Safe to repeat."""
    lake.storage.put_if_absent(_name("stop", claimed), json.dumps(asdict(Owner.here())).encode())


def claim(
    lake: Lake, sweep_id: str, *, take_over: bool = False, lives: bool = True, cancels: bool = False
) -> "Ownership":
    """Become a sweep's owner, in the epoch after the last one.

    Of several drivers that claim at the same time one gets it. A retry of the same call is another claim.

    Args:
        lake: The lake.
        sweep_id: The sweep.
        take_over: Claim it also while another driver is alive; that one stops at its next commit.
        lives: Whether others shall wait for this owner; without that it is not to be entered.
        cancels: Whether it is there to cancel the sweep, as they are told then.

    Raises:
        SweepOwnedError: If another driver is alive, or claimed at the same time.
    """
    newest = newest_owner(lake, sweep_id)
    if newest is not None and not take_over and _beats(lake.storage, newest):
        raise _owned(newest)
    mine = Claimed(
        sweep_id, 1 if newest is None else newest.epoch + 1, Owner.here(lives=lives, cancels=cancels)
    )
    storage, name = lake.storage, _name("owner", mine)
    data = json.dumps(asdict(mine.owner)).encode()
    if not storage.put_if_absent(name, data) and storage.read(name) != data:  # ours, if an answer was lost
        raise _owned(Claimed(sweep_id, mine.epoch, _owner(storage, sweep_id, mine.epoch)))
    return Ownership(storage, mine)


class Ownership:
    """A claimed sweep. In a `with` statement its heart beats; at the end the sweep is free at once."""

    def __init__(self, storage: Storage, claimed: Claimed) -> None:
        self._storage, self._claimed = storage, claimed
        self._ended = threading.Event()
        self._asked, self._taken_over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)

    @property
    def epoch(self) -> int:
        """Its epoch, from 1."""
        return self._claimed.epoch

    def is_asked_to_stop(self) -> bool:
        """Return whether this driver has to stop, as of the last beat: asked to, or taken over."""
        return self._asked.is_set() or self._taken_over.is_set()

    def is_taken_over(self) -> bool:
        """Return whether a later driver claimed the sweep, as of the last beat."""
        return self._taken_over.is_set()

    def __enter__(self) -> Self:
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(Exception):  # the storage is gone: then the heartbeat gets stale
            self._beat()

    def _live(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            with suppress(Exception):  # a beat that is missed is no harm: commits are fenced whatever it says
                self._beat()
                self._listen()

    def _listen(self) -> None:
        after = Claimed(self._claimed.sweep_id, self._claimed.epoch + 1, self._claimed.owner)
        for word, heard in (
            (_name("stop", self._claimed), self._asked),
            (_name("owner", after), self._taken_over),
        ):
            if self._storage.read_if_there(word) is not None:
                heard.set()

    def _beat(self) -> None:
        document = {**asdict(self._claimed.owner), "ended": self._ended.is_set()}
        self._storage.put(_name("heartbeat", self._claimed), json.dumps(document).encode())


def _beats(storage: Storage, claimed: Claimed) -> bool:
    if not claimed.owner.lives:
        return False
    name = _name("heartbeat", claimed)
    try:
        if read_document(storage, name, lambda document: bool(document["ended"])):
            return False
    except FileNotFoundError:  # it has only just claimed
        name = _name("owner", claimed)
    except DocumentDamagedError:  # the machine crashed: its time tells
        pass
    beaten, now = storage.modified(name), store_time(storage, sweep_folder(claimed.sweep_id))
    return beaten is not None and (now - beaten).total_seconds() < STALE_SECONDS


def _owned(claimed: Claimed) -> SweepOwnedError:
    kind = SweepCancelsError if claimed.owner.cancels else SweepOwnedError
    return kind(claimed.sweep_id, claimed.epoch, claimed.owner.owner, claimed.owner.at)


def _owner(storage: Storage, sweep_id: str, epoch: int) -> Owner:
    """Return who claimed an epoch; of a document that is damaged only that somebody did, who may live."""
    path = f"{sweep_folder(sweep_id)}/{owner_name(epoch)}"
    try:
        return read_document(storage, path, owner_of)
    except DocumentDamagedError:
        return Owner("a driver whose claim cannot be read", "an unknown time", token="")


def _name(kind: str, claimed: Claimed) -> str:
    return f"{sweep_folder(claimed.sweep_id)}/{kind}-{claimed.epoch:06d}.json"
