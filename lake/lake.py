"""The lake: the door to its tables."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lake.errors import LakeError
from lake.evolution import create_table
from lake.head import Head, TableGoneError
from lake.history import parse_time, snapshot_as_of, snapshot_of_version
from lake.instant import Instant
from lake.schemas import FORMAT, TABLES
from lake.snapshot import Snapshot, load_table, taken_out_since
from lake.storage import Storage

FORMAT_FILE = "_lake.json"


class LakeFormatError(LakeError):
    """The lake was written in another format."""

    def __init__(self, url: str, found: object) -> None:
        super().__init__(url, found)
        self.url, self.found = url, found

    def __str__(self) -> str:
        return (
            f"the lake {self.url} has format {self.found}, this sweeplake reads format {FORMAT}; "
            "use the release that wrote it, or start a new lake with --lake"
        )


class LakeMissingError(LakeError):
    """There is no lake at this place."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return (
            f"there is no lake at {self.url}; bring bars into a new one with `sweeplake ingest FILE`, "
            "or give another place with --lake or $SWEEPLAKE_LAKE"
        )


class PinnedLakeError(LakeError):
    """A lake that is read as it was cannot move on, and cannot be written."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return (
            f"the lake {self.url} is open at an earlier version or time, for reading alone; "
            "open it without version and as_of"
        )


@dataclass(frozen=True)
class Lake:
    """A lake at one URL. Opening creates nothing; the first write does."""

    storage: Storage
    _heads: dict[str, Head] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __reduce__(self) -> tuple[type["Lake"], tuple[Storage]]:
        return Lake, (self.storage,)

    def head(self, table: str) -> Head:
        """Return the newest version of a table that this process knows, creating lake and table if need be.

        Raises:
            LakeUnreachableError: If the storage does not answer.
            LakeUnwritableError: If the place cannot be written.
        """
        held = self.head_if_there(table)
        if held is None:
            self.create()
            create_table(self.storage, table)
            held = self.head_if_there(table)
        if held is None:
            raise TableGoneError(table)
        return held

    def head_if_there(self, table: str) -> Head | None:
        """Return the newest version of a table that this process knows; None if there is no such table.

        Raises:
            LakeUnreachableError: If the storage does not answer.
        """
        held = self._heads.get(table) or Head.newest(self.storage, table)
        if held is not None:
            self._heads[table] = held
        return held

    @property
    def url(self) -> str:
        """Resolved address, as other engines open it."""
        return self.storage.url

    def exists(self) -> bool:
        """Return whether a lake was created here."""
        return self.storage.exists()

    def create(self) -> None:
        """Create the lake if it is not there; safe to call again and from several processes.

        Raises:
            LakeUnwritableError: If the place cannot be written.
        """
        if not self.exists():
            self.storage.make_writable()
            self.storage.put_if_absent(FORMAT_FILE, json.dumps({"format": FORMAT}).encode())

    def require(self) -> "Lake":
        """Return itself.

        Raises:
            LakeMissingError: If there is no lake here.
        """
        if not self.exists():
            raise LakeMissingError(self.url)
        return self

    def snapshot(
        self,
        tables: Sequence[str] | None = None,
        *,
        version: int | None = None,
        as_of: datetime | str | None = None,
    ) -> Snapshot:
        """Return the committed state of some tables, or of all: the newest, or an earlier one.

        `sweeps` is loaded first: of a sweep that has ended there all rows follow. Then `details`, so that
        whoever it names has its trades and equity in the same snapshot; whether any was taken out meanwhile
        is asked at the end. Sweeps may go on appending.

        Args:
            tables: Names; None is all.
            version: A version of `metrics`; the others as of its commit's time.
            as_of: A time; every table at its newest version that was committed by then.

        Raises:
            VersionGoneError: If an earlier state is asked that the lake no longer has.
            BadTimeError: If `as_of` is text and no time.
            FutureTimeError: If it is still to come.
        """
        names = list(TABLES if tables is None else tables)
        if version is not None:
            return snapshot_of_version(self.storage, names, version)
        if as_of is not None:
            at = parse_time(as_of) if isinstance(as_of, str) else as_of
            return snapshot_as_of(self.storage, names, at)
        while True:
            since = Instant.now()
            first = [name for name in ("sweeps", "details") if name in names]
            loaded = {name: load_table(self.storage, name) for name in dict.fromkeys([*first, *names])}
            if "details" not in names or not taken_out_since(self.storage, loaded["details"], since):
                return Snapshot(self.storage, loaded)


def open_lake(url: str) -> Lake:
    """Open a lake; nothing is created before the first write.

    Raises:
        LakeFormatError: If it was written in another format.
    """
    lake = Lake(Storage(str(url)))
    text = lake.storage.read_if_there(FORMAT_FILE)
    if text is not None and (found := _format(text)) != FORMAT:
        raise LakeFormatError(lake.url, found)
    return lake


def _format(text: bytes) -> object:
    """Return the number that a format file holds; what cannot be read is no format that we know."""
    try:
        return json.loads(text)["format"]
    except (ValueError, KeyError, TypeError):
        return f"unreadable ({FORMAT_FILE})"
