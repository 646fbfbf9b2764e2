"""Versions: what must be equal on the client and on every worker, so that a run is the same anywhere."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import lake
import queries
import sweeps
from sweeps.errors import SweepError

PACKAGES = ("dask", "distributed", "numba", "numpy", "pyarrow", "sweeplake")


class CodeChangedError(SweepError):
    """What is installed is not what this process has loaded: its workers would be of other code."""

    def __init__(self, differences: tuple[str, ...]) -> None:
        super().__init__(differences)
        self.differences = differences

    def __str__(self) -> str:
        changed = ", ".join(self.differences)
        return (
            f"sweeplake or a library was changed after this program loaded it ({changed}): "
            "start the program again, and `sweeplake resume` a sweep that was at work"
        )


@cache
def code_versions() -> dict[str, str]:
    """Return library versions, and a hash of this code itself."""
    return {name: version(name) for name in PACKAGES} | {"sweeplake code": _code_hash()}


def differences(client: Mapping[str, str], worker: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a worker has otherwise than its client, as people read it."""
    return tuple(
        f"{name} {worker.get(name)} there, {mine} here"
        for name, mine in client.items()
        if worker.get(name) != mine
    )


def require_unchanged() -> None:
    """Raise if new processes would load other code than this one has.

    Raises:
        CodeChangedError: If so.
    """
    if different := differences(code_versions(), code_versions.__wrapped__()):
        raise CodeChangedError(different)


def _code_hash() -> str:
    digest = hashlib.blake2b(digest_size=8)
    for package in (lake, queries, sweeps):
        folder = Path(package.__path__[0])
        for file in sorted(folder.rglob("*.py")):
            digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
