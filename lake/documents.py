"""Documents: the small JSON objects of a lake beside its tables; a damaged one is named, with what to do."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from lake.errors import LakeError
from lake.storage import Storage

T = TypeVar("T")


class DocumentDamagedError(LakeError):
    """A document of the lake is not what was written."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)
        self.file, self.reason = file, reason

    def __str__(self) -> str:
        return f"{self.file} is damaged: {self.reason}; {remedy(self.file)}"


def read_document(storage: Storage, file: str, build: Callable[[Any], T]) -> T:
    """Return what is made of a document.

    Raises:
        FileNotFoundError: If it is not there.
        DocumentDamagedError: If it is no JSON, or nothing can be made of what it says.
    """
    return decoded(file, storage.read(file), build)


def decoded(file: str, data: bytes, build: Callable[[Any], T]) -> T:
    """Return what is made of the bytes of a document.

    Raises:
        DocumentDamagedError: As `read_document` does.
    """
    try:
        document = json.loads(data)
    except ValueError as error:
        reason = "it is cut off, or no JSON" if data.strip() else "it is empty"
        raise DocumentDamagedError(file, reason) from error
    try:
        return build(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DocumentDamagedError(file, "it lacks what it has to say") from error


def remedy(file: str) -> str:
    """Return what to do about a document that is damaged."""
    folder, _, rest = file.partition("/")
    name = rest.partition("/")[0]
    if folder == "_sweeps":
        return f"restore it from a copy, or remove the sweep (`sweeplake delete {name}`) and run it again"
    if folder == "_maintenance":
        return f"restore it from a copy, or delete {folder}/{name}: that removal cannot be undone then"
    return "restore it from a copy, or delete it and pin again what it protected"
