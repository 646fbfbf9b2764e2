"""The documents of a lake beside its tables, each read as those read it who need it."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from lake.documents import DocumentDamagedError, read_document, remedy
from lake.findings import DOCUMENT, Finding
from lake.journal import Batch
from lake.lost import loss_of
from lake.ownership import owner_of
from lake.pins import Pin
from lake.removal_log import attempt_of, record_of
from lake.storage import Storage

_READERS = 8


def check_documents(storage: Storage, removed: Collection[str] = (), *, deep: bool) -> list[Finding]:
    """Return the documents that cannot be read: journals, what repairs and removals put down, pins.

    Batches of journals, of which there may be many, only if the check is deep. The journals of sweeps that
    were removed are left out: nobody needs them, but an undo.
    """
    paths = [file.path for folder in ("_sweeps", "_maintenance", "_pins") for file in storage.walk(folder)]
    asked = sorted(path for path in paths if not set(_sweeps_of(path)).intersection(removed))
    builders = [(path, build) for path in asked if (build := _builder(path, deep=deep)) is not None]
    with ThreadPoolExecutor(_READERS) as readers:
        found = readers.map(lambda held: _problem(storage, *held), builders)
        return [finding for finding in found if finding is not None]


def _builder(path: str, *, deep: bool) -> Callable[[Any], Any] | None:
    """Return what makes something of a document; None if it is none, or not to be looked at."""
    folder, *_, name = path.split("/")
    if not name.endswith(".json") or name.startswith(("_", "heartbeat-")):
        return None
    if folder == "_pins":
        return lambda document: Pin(**document)
    if folder == "_maintenance":
        if name == "plan.json":
            return partial(record_of, path.split("/")[1])
        return attempt_of if "-" in name else dict
    kinds: dict[str, Callable[[Any], Any]] = {
        "owner": owner_of,
        "lost": loss_of,
        "void": lambda document: (document["tables"], document["by"]),
    }
    if deep:
        kinds["batch"] = lambda document: Batch.of_document(name, document)
    return kinds.get(name.partition("-")[0])


def _problem(storage: Storage, path: str, build: Callable[[Any], Any]) -> Finding | None:
    try:
        read_document(storage, path, build)
    except DocumentDamagedError as error:
        return Finding(DOCUMENT, "", path, _sweeps_of(path), error.reason, remedy(path))
    except FileNotFoundError:  # it went meanwhile
        return None
    return None


def _sweeps_of(path: str) -> tuple[str, ...]:
    return (path.split("/")[1],) if path.startswith("_sweeps/") else ()
