"""Pins: sweeps and runs that retention and `delete` leave alone, one object each under `_pins/`."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from lake.documents import read_document
from lake.errors import LakeError
from lake.lake import Lake

FOLDER = "_pins"


class ProtectedError(LakeError):
    """A sweep or run cannot be deleted as things are."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} is not deleted: {self.reason}"


@dataclass(frozen=True)
class Pin:
    """One pin.

    Attributes:
        id: The sweep or run.
        kind: sweep or run.
        at: When it was pinned, ISO 8601, UTC.
        note: Why, in the user's words.
    """

    id: str
    kind: str
    at: str
    note: str


def pin(lake: Lake, kind: str, name: str, note: str = "") -> Pin:
    """Protect a sweep or run; pinning again replaces the note."""
    made = Pin(name, kind, datetime.now(UTC).isoformat(), note)
    document = {"id": made.id, "kind": made.kind, "at": made.at, "note": made.note}
    lake.storage.put(_path(name), json.dumps(document).encode())
    return made


def unpin(lake: Lake, name: str) -> None:
    """Take a pin away; safe to repeat."""
    lake.storage.delete([_path(name)])


def pins(lake: Lake) -> list[Pin]:
    """Return all pins, sorted by id."""
    names = (name for name in lake.storage.list(FOLDER) if name.endswith(".json") and name[0] != "_")
    return [
        read_document(lake.storage, f"{FOLDER}/{name}", lambda document: Pin(**document))
        for name in sorted(names, key=unquote)
    ]


def _path(name: str) -> str:
    return f"{FOLDER}/{quote(name, safe='')}.json"
