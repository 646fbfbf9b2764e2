"""Update: a copy of a snapshot's metrics, made from the last one where that has most of it."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from lake.snapshot import DataFile, Snapshot
from queries.cache.folder import VARIABLE, Copy, current, folder_of, new_database, put_in_place
from queries.errors import BadValueError, QueryFailedError
from queries.held import FILE, insertion
from queries.session import connected
from queries.stored import stored_table
from queries.text import literal, quoted
from queries.translation import translated

COPY = "copied"
_HALF = 0.5


def update(snapshot: Snapshot) -> Copy:
    """Make the copy on this machine that of a snapshot, and return it.

    What the last copy has of the snapshot is taken from it; the rest is read from the lake. Disk: some 480
    bytes a run, twice while it is updated.

    Another process may do the same meanwhile: the last to end has its copy stay.

    Raises:
        BadValueError: If the cache folder cannot be written, or has no room.
        CopyUnreadableError: If the last copy is damaged.
    """
    url, held = snapshot.storage.url, snapshot["metrics"].files
    last = _sound(current(url))
    there = {file.path: file for file in held}
    kept = {path: number for path, number in last.files.items() if path in there} if last else {}
    if last and len(kept) == len(held) == len(last.files) and last.columns == tuple(_columns(snapshot)):
        return last
    if last is None or sum(there[path].rows for path in kept) < _HALF * sum(file.rows for file in held):
        last, kept = None, {}
    with _told_where(url):
        try:
            return _replaced(snapshot, last, kept)
        except FileNotFoundError:
            if last == current(url):
                raise
    return update(snapshot)  # another process replaced the last copy, and deleted it


def _replaced(snapshot: Snapshot, last: Copy | None, kept: Mapping[str, int]) -> Copy:
    """Write a copy and put it in place; what was written of one that fails is deleted."""
    url = snapshot.storage.url
    database = new_database(url)
    try:
        copy = _written(snapshot, database, last, kept)
        put_in_place(url, copy)
    except BaseException:
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink(missing_ok=True)
        raise
    return copy


@contextmanager
def _told_where(url: str) -> Iterator[None]:
    """Tell of what the cache folder does not take, with the variable that names another."""
    folder = str(folder_of(url))
    try:
        yield
    except (OSError, QueryFailedError) as error:
        text = error.strerror if isinstance(error, OSError) else None
        if text is None and folder not in str(error):  # DuckDB names the file that it cannot write
            raise
        reason = f"{text or error}; name a folder that can be written, and has room"
        raise BadValueError(VARIABLE, folder, reason) from error


def _sound(copy: Copy | None) -> Copy | None:
    """Return a copy if DuckDB opens it, and it has the rows that its manifest tells."""
    if copy is None:
        return None
    try:
        with duckdb.connect(str(copy.database), read_only=True) as connection:
            rows = connection.execute("select count(*) from metrics").fetchall()[0][0]
    except duckdb.Error:
        return None
    return copy if rows == copy.rows else None


def _written(snapshot: Snapshot, database: Path, last: Copy | None, kept: Mapping[str, int]) -> Copy:
    """Write a copy from what is kept of the last one, and the files that are new."""
    if last is not None:
        shutil.copyfile(last.database, database)
    first = 1 + max(kept.values(), default=0)
    new = [file for file in snapshot["metrics"].files if file.path not in kept]
    numbers = {file.path: first + place for place, file in enumerate(new)}
    with connected(snapshot) as connection, translated(snapshot):
        connection.execute("pragma force_compression = 'uncompressed'")
        connection.execute(f"attach {literal(database)} as {COPY}")
        _create(connection, snapshot, new)
        if last is not None:
            gone = [number for path, number in last.files.items() if path not in kept]
            text = f"delete from {COPY}.metrics where {FILE} in (select unnest($1))"  # noqa: S608
            connection.execute(text, [gone])
        _insert(connection, snapshot, numbers)
        text = f"select count(*), count(distinct hash(run_id)) from {COPY}.metrics"  # noqa: S608
        rows, distinct = connection.execute(text).fetchall()[0]
        connection.execute(f"checkpoint {COPY}")
        connection.execute(f"detach {COPY}")
    return Copy(database, {**kept, **numbers}, tuple(_columns(snapshot)), rows, rows == distinct)


def _create(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, new: Sequence[DataFile]) -> None:
    """Create what is read, the new files, and what is written, with the columns that the lake has."""
    part = replace(snapshot, tables={"metrics": replace(snapshot["metrics"], files=tuple(new))})
    table = stored_table(part, "metrics", further=("filename",))
    connection.execute("create schema stored")
    for name, paths in table.variables.items():
        connection.execute(f"set variable {name} = $1", [list(paths)])
    connection.execute(table.statement)
    connection.execute(
        f"""
        create table if not exists {COPY}.metrics as
        select * exclude (filename), cast(0 as uinteger) as {FILE} from stored.metrics limit 0
        """  # noqa: S608
    )
    known = {row[0] for row in connection.execute(f"describe {COPY}.metrics").fetchall()}
    for name, kind, *_ in connection.execute("describe stored.metrics").fetchall():
        if name not in known and name != "filename":
            connection.execute(f"alter table {COPY}.metrics add column {quoted(name)} {kind}")


def _insert(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, numbers: Mapping[str, int]) -> None:
    """Append the rows of the new files, in their order."""
    uris = [snapshot.storage.uri(f"metrics/{path}") for path in numbers]
    text = insertion(f"{COPY}.metrics", _columns(snapshot), "select * from stored.metrics")
    connection.execute(text, [uris, list(numbers.values())])


def _columns(snapshot: Snapshot) -> list[str]:
    return list(snapshot["metrics"].schema.names)
