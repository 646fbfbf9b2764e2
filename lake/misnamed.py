"""Misnamed files: a log names what is not there, and a file lies there whose name differs in one letter.

Then a letter of the log flipped, in a checkpoint as a rule, and the file is as it was: it must not be taken
out for missing, with the runs that it holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from lake.findings import LOG, Finding
from lake.history import stored_paths
from lake.snapshot import TableSnapshot
from lake.storage import Storage

_DRAWN = len("0123456789abcdef0123456789abcdef.parquet")
"""Letters at the end of a file's name that are drawn for it."""
_REMEDY = "restore the log from a copy, or its newest checkpoint; the file itself is as it was"


def misnamed(storage: Storage, table: TableSnapshot, missing: Iterable[str]) -> list[Finding]:
    """Return a finding for each missing file of a table whose name, but for one letter, a stray file has."""
    asked = list(missing)
    if not asked:
        return []
    visible = {file.path for file in table.files}
    strays: Mapping[str, list[str]] = defaultdict(list)
    for path in stored_paths(storage, table.name):
        if path not in visible:
            for part in _parts(path):
                strays[part].append(path)
    found = [
        (path, _nearest(path, [near for part in _parts(path) for near in strays[part]])) for path in asked
    ]
    return [
        Finding(LOG, table.name, f"{table.name}/{path}", (), f"the log means {stray}", _REMEDY)
        for path, stray in found
        if stray is not None
    ]


def _parts(path: str) -> tuple[str, str]:
    """Return two parts of a path that hardly any other has: one letter that flips leaves one of them."""
    drawn = path[-_DRAWN:]
    return f"{len(path)} {drawn[:16]}-", f"{len(path)} -{drawn[16:]}"


def _nearest(path: str, strays: Sequence[str]) -> str | None:
    return next((stray for stray in strays if sum(map(str.__ne__, path, stray)) == 1), None)
