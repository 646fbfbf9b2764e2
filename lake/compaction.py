"""Compaction, the plan: which files of a table are worth writing anew, and which of them together. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lake.layout import is_dense
from lake.schemas import TABLES
from lake.snapshot import DataFile, TableSnapshot

COMPACTED = tuple(name for name in TABLES if name != "bars")
"""Tables that compaction may touch. Bars are one file a symbol and timeframe already, and a sweep names the
files that it read: others in their place would only be there twice."""

MONTH_RESTS = timedelta(days=7)
"""A month is closed so long after its end: sweeps that began in it have ended."""


@dataclass(frozen=True)
class CompactionSettings:
    """What a plan goes by.

    Attributes:
        target_bytes: Size that new files should have; they are between half and one and a half of it unless
            their partition has less. A dense file of half this size is good and stays as it is.
        fewest_files: So many files of a partition are worth one; in a closed month two are.
        worthwhile_bytes: So much that was written quickly is worth encoding anew, also if it is one file.
        rewrite_bytes: Largest sum of files that are rewritten together; one that is larger goes alone.
        held_bytes: Rows that are sorted in memory at a time; the rest waits in local temporary files.
    """

    target_bytes: int = 128 << 20
    fewest_files: int = 4
    worthwhile_bytes: int = 1 << 20
    rewrite_bytes: int = 2 << 30
    held_bytes: int = 64 << 20


@dataclass(frozen=True)
class Rewrite:
    """Files that become others, which hold the same rows.

    Attributes:
        table: Their table.
        partition: Partition of the new files.
        sources: The files, of which none is in another rewrite.
    """

    table: str
    partition: Mapping[str, str]
    sources: tuple[DataFile, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of the sources."""
        return sum(file.size_bytes for file in self.sources)

    @property
    def rows(self) -> int:
        """Rows of the sources."""
        return sum(file.rows for file in self.sources)


def closed_before(now: datetime) -> date:
    """Return the first day that is not in a closed month."""
    return (now - MONTH_RESTS).date().replace(day=1)


def plan_compaction(
    table: TableSnapshot, settings: CompactionSettings, *, months_before: date | None = None
) -> tuple[Rewrite, ...]:
    """Return what to rewrite; nothing of what a rewrite leaves is worth another.

    A partition needs it if it has several small files, or much that was encoded quickly. Files of different
    columns go together: what one lacks is NULL, as it is to a reader now.

    Args:
        table: The table.
        settings: Sizes.
        months_before: Days before this first day of a month become one partition a month; None keeps days.
            `date` is layout alone. Good files stay in the partition of their day.
    """
    if table.name not in COMPACTED:
        return ()
    groups: dict[tuple[tuple[str, str], ...], list[DataFile]] = defaultdict(list)
    for file in table.files:
        groups[tuple(_destination(file, months_before).items())].append(file)
    return tuple(
        Rewrite(table.name, dict(partition), sources)
        for partition, files in sorted(groups.items())
        for sources in _bins(
            _chosen(files, settings, closed=_closed(dict(partition), months_before)), settings
        )
    )


def _closed(partition: Mapping[str, str], months_before: date | None) -> bool:
    return months_before is not None and "date" in partition and partition["date"] < months_before.isoformat()


def _destination(file: DataFile, months_before: date | None) -> Mapping[str, str]:
    if not _closed(file.partition, months_before):
        return file.partition
    first = date.fromisoformat(file.partition["date"]).replace(day=1)
    return {**file.partition, "date": first.isoformat()}


def _chosen(files: Sequence[DataFile], settings: CompactionSettings, *, closed: bool) -> list[DataFile]:
    """Return the files of a partition that are rewritten.

    Small dense files wait until there are enough, also if new ones come every hour: whatever is rewritten
    with each of them would be rewritten over and over.
    """
    quick = [file for file in files if not is_dense(file.path)]
    small = [file for file in files if is_dense(file.path) and 2 * file.size_bytes < settings.target_bytes]
    if len(quick) + len(small) >= (2 if closed else settings.fewest_files):
        return quick + small
    return quick if sum(file.size_bytes for file in quick) >= settings.worthwhile_bytes else []


def _bins(files: Sequence[DataFile], settings: CompactionSettings) -> Iterator[tuple[DataFile, ...]]:
    """Yield bins of neighbours in the order of their first rows, so that few new files share a range."""
    held: list[DataFile] = []
    size = 0
    for file in sorted(files, key=_first_row):
        if held and size + file.size_bytes > settings.rewrite_bytes:
            yield from _worthwhile(held)
            held, size = [], 0
        held.append(file)
        size += file.size_bytes
    yield from _worthwhile(held)


def _worthwhile(files: Sequence[DataFile]) -> Iterator[tuple[DataFile, ...]]:
    if len(files) > 1 or any(not is_dense(file.path) for file in files):
        yield tuple(files)


def _first_row(file: DataFile) -> tuple[str, str]:
    return str(file.minimum.get("run_id", "")), file.path
