"""Folder: where this machine keeps the copy of a lake, and what the manifest says is in it."""

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

from lake.snapshot import DataFile, Snapshot

VARIABLE = "SWEEPLAKE_CACHE"
LAYOUT = 2
"""Raised when a copy is laid out otherwise: older ones are not read."""
_MANIFEST = "current.json"
_ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True)
class Copy:
    """A copy as its manifest tells it.

    Attributes:
        database: The DuckDB file; its table `metrics` has the lake's columns, and `_file`.
        files: By path, the number that rows of a data file have in `_file`.
        columns: Columns of metrics that it has.
        rows: Its rows.
        is_distinct: Whether no run id is in it twice.
    """

    database: Path
    files: dict[str, int]
    columns: tuple[str, ...]
    rows: int
    is_distinct: bool

    def rest(self, snapshot: Snapshot) -> Sequence[DataFile] | None:
        """Return the files of a snapshot that it lacks; None if it has any that the snapshot has not."""
        files = snapshot["metrics"].files if "metrics" in snapshot.tables else ()
        if not self.files.keys() <= {file.path for file in files}:
            return None
        return [file for file in files if file.path not in self.files]


def folder_of(url: str) -> Path:
    """Return the folder of a lake's copy: below `$SWEEPLAKE_CACHE`, else below the user's cache folder."""
    base = os.environ.get(VARIABLE) or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "sweeplake")
    return Path(base).expanduser() / blake2b(url.encode(), digest_size=8).hexdigest()


def current(url: str) -> Copy | None:
    """Return the copy of a lake that there is; None if there is none that can be read, or it is not whole."""
    folder = folder_of(url)
    try:
        told = json.loads((folder / _MANIFEST).read_bytes())
        if told["layout"] != LAYOUT:
            return None
        database, columns = folder / told["database"], tuple(told["columns"])
        files = {path: number for number, path in told["files"]}
        copy = Copy(database, files, columns, told["rows"], told["is_distinct"])
        is_whole = database.stat().st_size == told["size_bytes"]
    except (OSError, ValueError, LookupError, TypeError):  # it may have been cut, or be of another release
        return None
    return copy if is_whole else None


def new_database(url: str) -> Path:
    """Return a name for a copy that is being made; its folder is there."""
    folder = folder_of(url)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid4().hex}.duckdb"


def put_in_place(url: str, copy: Copy) -> None:
    """Let readers that open the lake from now on find a copy, and delete what it replaces.

    Who has an older one open keeps it until they close it.
    """
    folder = folder_of(url)
    told = {
        "layout": LAYOUT,
        "lake": url,
        "database": copy.database.name,
        "size_bytes": copy.database.stat().st_size,
        "files": [[number, path] for path, number in copy.files.items()],
        "columns": list(copy.columns),
        "rows": copy.rows,
        "is_distinct": copy.is_distinct,
    }
    temporary = folder / f"{uuid4().hex}.json"
    temporary.write_text(json.dumps(told), encoding="utf-8")
    before = current(url)
    os.replace(temporary, folder / _MANIFEST)  # noqa: PTH105
    kept = {folder / _MANIFEST, copy.database}
    for path in folder.iterdir():
        if path not in kept and ((before and path == before.database) or _is_abandoned(path)):
            path.unlink(missing_ok=True)


def clear(url: str) -> int:
    """Delete the copy of a lake; return the bytes that it had."""
    folder, freed = folder_of(url), 0
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        freed += path.stat().st_size
        path.unlink(missing_ok=True)
    with suppress(OSError):  # it is not there, or another process makes a copy in it
        folder.rmdir()
    return freed


def _is_abandoned(path: Path) -> bool:
    """Return whether a file is one of a copy that was being made when its process died."""
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
    except OSError:  # another process deleted it
        return False
