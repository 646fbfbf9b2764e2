"""Ingest: files of bars into the lake, all of them or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from lake.commits import CommitConflictError, Fence
from lake.lake import Lake
from lake.log import INGEST
from lake.maintenance import Fenced, fenced
from lake.snapshot import DataFile, Snapshot
from lake.writer import write_rows
from sweeps.bars.errors import BarsContendedError, BarsInvalidError, SymbolError
from sweeps.bars.frame import Bars
from sweeps.bars.gaps import Gaps, find_gaps
from sweeps.bars.merging import changed_bars, merge
from sweeps.bars.reading import Reading, Wishes, read_bars
from sweeps.bars.resample import resample
from sweeps.bars.rows import to_rows
from sweeps.bars.sessions import zone
from sweeps.bars.sources.demo import DEMO_SYMBOLS, read_demo
from sweeps.bars.sources.detect import DEMO, read_raw, require_source
from sweeps.bars.sources.raw import RawBars
from sweeps.bars.store import BARS_TABLE, find_bars, stored_files
from sweeps.bars.timeframes import normal

ATTEMPTS = 20
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
LONGEST_SYMBOL = 200
"""Bytes of a symbol in its folder's name; file systems take 255, `symbol=` included."""
_FENCE = INGEST


@dataclass(frozen=True)
class IngestReport:
    """What became of one symbol's bars.

    Attributes:
        symbol: Symbol.
        timeframe: Timeframe.
        bars: Bars that the lake has now.
        added: Bars that it did not have before.
        changed: Bars that have other values now.
        removed: Bars that are gone (only when bars are replaced).
        first: Time of the first bar.
        last: Time of the last bar.
        fingerprint: Hash of all of them.
        gaps: Where bars are missing.
        unchanged: True if the lake had all of it already and nothing was written.
        ignored: Columns of the files that were left out.
    """

    symbol: str
    timeframe: str
    bars: int
    added: int
    changed: int
    removed: int
    first: datetime
    last: datetime
    fingerprint: str
    gaps: Gaps
    unchanged: bool
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Change:
    """What the lake has of one symbol and timeframe, and what it shall have."""

    before: Bars | None
    after: Bars
    files: tuple[DataFile, ...]

    @property
    def is_empty(self) -> bool:
        return self.before is not None and _identity(self.before) == _identity(self.after)


def ingest_files(
    lake: Lake,
    paths: Sequence[Path | str] = (),
    *,
    symbol: str | None = None,
    timeframe: str | None = None,
    source: str | None = None,
    tz: str = "UTC",
    resample_to: str | None = None,
    adjusted: bool | None = None,
    replace: bool = False,
) -> list[IngestReport]:
    """Bring files of bars into the lake.

    Every file is read and validated before anything is written; if one is bad nothing is, not even the
    lake's folder. All symbols then become visible in one commit. Bars that the lake has already are merged
    with the new ones, which win; a repetition commits nothing, so a retry is safe. Ingests that run at the
    same time wait for each other: none loses or doubles a bar.

    Args:
        lake: The lake; created by the first write.
        paths: Files, later ones winning over earlier ones. For the demo source: symbols, by default four.
        symbol: Symbol of all files; None: from a symbol column, else from each file's name.
        timeframe: Timeframe of all files; None: from the file's name, else the median step.
        source: csv, yfinance, binance, parquet or demo; None: by content.
        tz: Session zone, in which times without an offset are read.
        resample_to: A coarser timeframe that the lake shall have too, made from all the finer bars it has.
        adjusted: Whether prices are (or by adj_close are to be) adjusted; None: as the source does.
        replace: Drop the bars that the lake has of these symbols and timeframe.

    Returns:
        One report a symbol and timeframe, in the order in which they came.

    Raises:
        BarsInvalidError: If any file is malformed; lists every problem.
        SymbolError: If a symbol cannot name a folder.
        MixedBarsError: If new bars do not fit the ones in the lake.
        ResampleError: If `resample_to` does not fit.
        SessionError, TimeframeError, UnknownSourceError, DemoMissingError: If an argument is wrong.
        BarsContendedError: If other writers kept coming first; nothing was committed.
        LakeUnwritableError: If the lake cannot be written.
    """
    zone(tz)
    wishes = Wishes(symbol, normal(timeframe) if timeframe else None, tz, adjusted)
    if source is not None:
        require_source(source)
    readings = [read_bars(raw, wishes) for raw in _raw(paths, source)]
    problems = [problem for reading in readings for problem in reading.problems]
    if problems:
        raise BarsInvalidError(problems)
    new = _together(readings)
    for bars in new:
        _check_symbol(bars.symbol)
    ignored = tuple(sorted({name for reading in readings for name in reading.ignored}))
    target = normal(resample_to) if resample_to else None
    for attempt in range(ATTEMPTS):  # noqa: B007
        held = fenced(lake, BARS_TABLE)
        changes = _plan(Snapshot(lake.storage, {BARS_TABLE: held.snapshot}), new, target, replace=replace)
        if _apply(held, [change for change in changes if not change.is_empty]):
            return [_report(change, ignored) for change in changes]
    raise BarsContendedError(ATTEMPTS)


def _check_symbol(symbol: str) -> None:
    """Refuse a symbol that no folder can have, before anything is written."""
    if symbol == NULL_PARTITION:
        raise SymbolError(symbol, "is how Hive writes that there is none")
    length = len(quote(symbol, safe="").encode())
    if length > LONGEST_SYMBOL:
        raise SymbolError(symbol, f"takes {length} bytes in a folder's name, more than {LONGEST_SYMBOL}")


def _raw(paths: Sequence[Path | str], source: str | None) -> Iterable[RawBars]:
    if source == DEMO:
        return [read_demo(str(name)) for name in paths or DEMO_SYMBOLS]
    return (read_raw(Path(path), source) for path in paths)


def _together(readings: Iterable[Reading]) -> list[Bars]:
    """Merge the parts of a symbol that stand in several files."""
    found: dict[tuple[str, str], Bars] = {}
    for reading in readings:
        for bars in reading.bars:
            key = bars.symbol, bars.timeframe
            found[key] = merge(found.get(key), bars)
    return list(found.values())


def _plan(snapshot: Snapshot, new: Sequence[Bars], target: str | None, *, replace: bool) -> list[_Change]:
    """Return what each symbol's bars become."""
    changes = []
    for bars in new:
        before = find_bars(snapshot, bars.symbol, bars.timeframe)
        after = merge(None if replace else before, bars)
        changes.append(_Change(before, after, stored_files(snapshot, bars.symbol, bars.timeframe)))
        if target is not None and target != bars.timeframe:
            coarse = resample(after, target)
            held = find_bars(snapshot, bars.symbol, target)
            merged = merge(None if replace else held, coarse)
            if len(merged):
                changes.append(_Change(held, merged, stored_files(snapshot, bars.symbol, target)))
    return changes


def _apply(held: Fenced, changes: Sequence[_Change]) -> bool:
    """Write and commit changes; False if another writer came first and they must be planned again.

    The commit takes two steps: that of ingests, and that of maintenance, as it takes files out.
    """
    if not changes:
        return True
    lake = held.lake
    lake.create()
    now = datetime.now(UTC)
    adds = [
        write_rows(
            lake.storage,
            BARS_TABLE,
            to_rows(change.after, now),
            {"symbol": change.after.symbol, "timeframe": change.after.timeframe},
        )
        for change in changes
    ]
    removes = [file for change in changes for file in change.files]
    try:
        step = Fence(_FENCE, held.next_step(_FENCE), exclusive=True)
        held.commit(adds, removes, "ingest of bars", also=[step])
    except CommitConflictError:
        return False
    return True


def _identity(bars: Bars) -> tuple[object, ...]:
    return bars.fingerprint(), bars.session_tz, bars.periods_per_year, bars.adjusted


def _report(change: _Change, ignored: tuple[str, ...]) -> IngestReport:
    after = change.after
    added, changed = changed_bars(change.before, after)
    return IngestReport(
        symbol=after.symbol,
        timeframe=after.timeframe,
        bars=len(after),
        added=added,
        changed=changed,
        removed=0 if change.before is None else len(change.before) + added - len(after),
        first=after.opens_at(0),
        last=after.opens_at(-1),
        fingerprint=after.fingerprint(),
        gaps=find_gaps(after),
        unchanged=change.is_empty,
        ignored=ignored,
    )
