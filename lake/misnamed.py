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

_REMEDY = "restore the log from a copy, or its newest checkpoint; the file itself is as it was"


def misnamed(storage: Storage, table: TableSnapshot, missing: Iterable[str]) -> list[Finding]:
    """Return a finding for each missing file of a table whose name, but for one letter, a stray file has."""
    asked = list(missing)
    if not asked:
        return []
    visible = {file.path for file in table.files}
    strays: Mapping[int, list[str]] = defaultdict(list)
    for path in stored_paths(storage, table.name):
        if path not in visible:
            strays[len(path)].append(path)
    found = [(path, _nearest(path, strays[len(path)])) for path in asked]
    return [
        Finding(LOG, table.name, f"{table.name}/{path}", (), f"the log means {stray}", _REMEDY)
        for path, stray in found
        if stray is not None
    ]


def _nearest(path: str, strays: Sequence[str]) -> str | None:
    return next((stray for stray in strays if sum(map(str.__ne__, path, stray)) == 1), None)
