"""Checkpoints: the sums of a table's log, and a hash of each, for nothing in them tells when a bit flips.

A reader believes what the newest one says: a step that flipped there lets a driver commit a batch twice. The
hash is in the name of an object, `_checkpoints/<table>/<checkpoint>.<sha256>`, so that two writers of one
checkpoint, whose bytes may differ, are both right.
"""

from hashlib import sha256

from deltalake import DeltaTable

from lake.log import checkpoint_version
from lake.storage import Storage

FOLDER = "_checkpoints"
_CONTENT = b"sha256"
HASH_BYTES = len(_CONTENT)


def make_checkpoint(storage: Storage, table: str, handle: DeltaTable) -> None:
    """Sum a table's log up to the version of a handle, and put the hash down."""
    handle.create_checkpoint()
    log = f"{table}/_delta_log"
    for name in storage.list(log):
        if checkpoint_version(name) == handle.version():
            digest = sha256(storage.read(f"{log}/{name}")).hexdigest()
            storage.put_if_absent(f"{FOLDER}/{table}/{name}.{digest}", _CONTENT)


def flipped_checkpoints(storage: Storage, table: str) -> list[str]:
    """Return the checkpoints whose bytes are not those of any hash that was put down, by name, ascending.

    Of one that another tool made nothing is known: it is not among them.
    """
    known: dict[str, set[str]] = {}
    for name in storage.list(f"{FOLDER}/{table}"):
        checkpoint, _, digest = name.rpartition(".")
        known.setdefault(checkpoint, set()).add(digest)
    log = f"{table}/_delta_log"
    return [
        name
        for name in storage.list(log)
        if name in known and sha256(storage.read(f"{log}/{name}")).hexdigest() not in known[name]
    ]


def old_hashes(storage: Storage, table: str, version: int) -> list[str]:
    """Return the hashes of checkpoints older than a version, relative to the lake's root."""
    named = (
        (name, checkpoint_version(name.rpartition(".")[0])) for name in storage.list(f"{FOLDER}/{table}")
    )
    return [f"{FOLDER}/{table}/{name}" for name, held in named if held is not None and held < version]
