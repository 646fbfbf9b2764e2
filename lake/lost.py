"""Lost blocks: what a sweep's journal calls finished and a repair took out of the lake; resume computes it.

An object `_sweeps/<id>/lost-<uuid>.json` is a `Loss`: put down before anything is taken out, and counted only
once `lost-<uuid>.done` lies beside it. So a repair that was cut off is finished by the next, and nothing is
computed again while its rows may still be there: until then nobody goes on with the sweep. Once the driver
that found it has ended the sweep, `lost-<uuid>.again` says that nothing of it is missing any more; what its
batches say stays void for all that.
"""

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from lake.documents import DocumentDamagedError, read_document
from lake.errors import LakeError
from lake.storage import Storage

Blocks = frozenset[tuple[int, int, str]]
"""Epoch and number of a batch, and the symbol whose blocks in it are lost."""


class RepairCutOffError(LakeError):
    """A repair of the sweep has not come to its end: nobody knows what of the sweep is there."""

    def __init__(self, sweep_id: str) -> None:
        super().__init__(sweep_id)
        self.sweep_id = sweep_id

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id}: a repair of it was cut off, or is at work: `sweeplake check --repair "
            "--drop-damaged` finishes it; nothing can be gone on with before"
        )


@dataclass(frozen=True)
class Loss:
    """Blocks of one sweep whose rows go, in every table, because some of their files cannot be read.

    Attributes:
        sweep_id: The sweep.
        symbol: The symbol of the blocks; None is every symbol.
        blocks: The blocks, as in `Blocks`.
        files: The files that cannot be read, by table; they go whole.
        only: The files, by table, in which the blocks' rows lie; None: they were merged with others, and
            every row of the sweep and symbol goes.
        id: Its name.
    """

    sweep_id: str
    symbol: str | None
    blocks: Sequence[tuple[int, int, str]]
    files: Mapping[str, Sequence[str]]
    only: Mapping[str, Sequence[str]] | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def path(self) -> str:
        """Where it is put down, relative to the lake's root."""
        return f"_sweeps/{self.sweep_id}/lost-{self.id}.json"

    def put(self, storage: Storage) -> None:
        """Put it down."""
        storage.put_if_absent(self.path, json.dumps(asdict(self)).encode())

    def finish(self, storage: Storage) -> None:
        """Let it count; its rows are gone. Safe to repeat."""
        storage.put_if_absent(_done(self.path), b"{}")

    def close(self, storage: Storage) -> None:
        """Say that its blocks are computed again, and committed. Safe to repeat."""
        storage.put_if_absent(_again(self.path), b"{}")


def lost_blocks(storage: Storage, sweep_id: str) -> Blocks:
    """Return the blocks that a sweep's journal calls finished and that were lost, computed again or not.

    One listing where nothing was lost. A batch that is written later has another number, so what is computed
    again is not lost again.
    """
    paths = _paths(storage, sweep_id)
    return frozenset(block for loss in _losses(storage, paths, done=True) for block in loss.blocks)


def open_losses(storage: Storage, sweep_id: str) -> list[Loss]:
    """Return the losses of a sweep whose blocks `resume` is to compute again.

    One whose document is damaged stands there without blocks: nobody goes on with the sweep, for
    `lost_blocks` raises, and yet not all of it is there.
    """
    paths = _open(_paths(storage, sweep_id))
    read = _readable(storage, paths)
    damaged = {_id(path) for path in paths} - {loss.id for loss in read}
    return [*read, *(Loss(sweep_id, None, (), {}, id=name) for name in sorted(damaged))]


def all_open_losses(storage: Storage) -> list[Loss]:
    """Return the losses of all sweeps whose blocks `resume` is to compute again; one listing.

    Those whose documents are damaged are left out: the check of documents tells of them.
    """
    return _readable(storage, _open(file.path for file in storage.walk("_sweeps")))


def require_repaired(storage: Storage, sweep_id: str) -> None:
    """Return if no repair of a sweep was cut off; one listing.

    Raises:
        RepairCutOffError: If one was, or is at work.
    """
    if not is_repaired(storage, sweep_id):
        raise RepairCutOffError(sweep_id)


def is_repaired(storage: Storage, sweep_id: str) -> bool:
    """Return whether no repair of a sweep was cut off, or is at work; one listing."""
    return not _unfinished(_paths(storage, sweep_id))


def half_repaired(storage: Storage) -> frozenset[str]:
    """Return the sweeps of which a repair was cut off, or is at work; one listing."""
    there = _unfinished(file.path for file in storage.walk("_sweeps"))
    return frozenset(map(_sweep_of, there))


def is_open(path: str, there: Collection[str]) -> bool:
    """Say whether a file is a loss that is not computed again, by the files that are there with it."""
    return _is_loss(path) and _again(path) not in there


def unfinished_losses(storage: Storage, without: Collection[str] = ()) -> list[Loss]:
    """Return the losses whose repair was cut off, of all sweeps but some; one listing.

    Those whose documents are damaged are left out, and stay unfinished: the check of documents tells of them.
    """
    there = [file.path for file in storage.walk("_sweeps")]
    return _readable(storage, [path for path in _unfinished(there) if _sweep_of(path) not in without])


def all_losses(storage: Storage) -> list[Loss]:
    """Return what repairs took out, or are about to, of all sweeps; one listing."""
    paths = [file.path for file in storage.walk("_sweeps")]
    return [loss for done in (True, False) for loss in _losses(storage, paths, done=done)]


def _unfinished(paths: Iterable[str]) -> list[str]:
    there = set(paths)
    return [path for path in there if _is_loss(path) and _done(path) not in there]


def _losses(storage: Storage, paths: Iterable[str], *, done: bool) -> list[Loss]:
    there = set(paths)
    return [
        read_document(storage, path, loss_of)
        for path in sorted(there)
        if _is_loss(path) and (_done(path) in there) == done
    ]


def _open(paths: Iterable[str]) -> list[str]:
    """Return the losses that count and are not computed again."""
    there = set(paths)
    return sorted(path for path in there if is_open(path, there) and _done(path) in there)


def _readable(storage: Storage, paths: Iterable[str]) -> list[Loss]:
    """Return the losses whose documents are whole."""
    found = []
    for path in sorted(paths):
        with suppress(DocumentDamagedError):
            found.append(read_document(storage, path, loss_of))
    return found


def _sweep_of(path: str) -> str:
    return path.split("/")[1]


def _id(path: str) -> str:
    return path.rpartition("/lost-")[2].removesuffix(".json")


def _paths(storage: Storage, sweep_id: str) -> list[str]:
    folder = f"_sweeps/{sweep_id}"
    return [f"{folder}/{name}" for name in storage.list(folder)]


def _is_loss(path: str) -> bool:
    return path.rpartition("/")[2].startswith("lost-") and path.endswith(".json")


def loss_of(document: dict[str, Any]) -> Loss:
    """Return the loss that a document tells."""
    blocks = tuple((int(epoch), int(number), str(symbol)) for epoch, number, symbol in document.pop("blocks"))
    return Loss(blocks=blocks, **document)


def _again(path: str) -> str:
    return f"{path.removesuffix('.json')}.again"


def _done(path: str) -> str:
    return f"{path.removesuffix('.json')}.done"
