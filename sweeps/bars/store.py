"""Store: the bars that the lake has."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from lake.snapshot import DataFile, Snapshot, TableSnapshot
from sweeps.bars.errors import NoBarsError
from sweeps.bars.frame import Bars
from sweeps.bars.rows import from_rows
from sweeps.bars.timeframes import normal

BARS_TABLE = "bars"


class Available(NamedTuple):
    """Bars that the lake has of one symbol at one timeframe.

    Attributes:
        symbol: Symbol.
        timeframe: Timeframe.
        first: Time of the first bar, cut to milliseconds.
        last: Time of the last bar, to the millisecond.
        bars: Number of bars.
    """

    symbol: str
    timeframe: str
    first: datetime
    last: datetime
    bars: int


def available(snapshot: Snapshot) -> list[Available]:
    """Return what there is, by symbol and timeframe; read from the table's log, no file is opened."""
    groups: dict[tuple[str, str], list[DataFile]] = defaultdict(list)
    for file in snapshot[BARS_TABLE].files:
        groups[file.partition["symbol"], file.partition["timeframe"]].append(file)
    return [
        Available(
            symbol,
            timeframe,
            min(file.minimum["time"] for file in files),
            max(file.maximum["time"] for file in files),
            sum(file.rows for file in files),
        )
        for (symbol, timeframe), files in sorted(groups.items())
    ]


def stored_files(snapshot: Snapshot, symbol: str, timeframe: str) -> tuple[DataFile, ...]:
    """Return the files that hold a symbol's bars."""
    return tuple(snapshot[BARS_TABLE].matching({"symbol": symbol, "timeframe": normal(timeframe)}))


def only(snapshot: Snapshot, symbols: Sequence[str], timeframe: str) -> Snapshot:
    """Return the bars of some symbols at a timeframe alone: little to send to workers."""
    held = snapshot[BARS_TABLE]
    files = tuple(file for symbol in symbols for file in stored_files(snapshot, symbol, timeframe))
    return Snapshot(
        snapshot.storage, {BARS_TABLE: TableSnapshot(held.name, held.version, held.schema, files)}
    )


def find_bars(snapshot: Snapshot, symbol: str, timeframe: str) -> Bars | None:
    """Return all bars of a symbol at a timeframe, or None if the lake has none."""
    timeframe = normal(timeframe)
    rows = snapshot.read(BARS_TABLE, where={"symbol": symbol, "timeframe": timeframe})
    return from_rows(rows, symbol, timeframe) if rows.num_rows else None


def load_bars(snapshot: Snapshot, symbol: str, timeframe: str, *, end: datetime | None = None) -> Bars:
    """Return the bars of a symbol at a timeframe, from the first to before `end`.

    Later bars, and columns that only they have, leave no trace: the fingerprint of what is returned stays
    the same when the lake is given more recent bars.

    Args:
        snapshot: A snapshot that has the bars table.
        symbol: Symbol.
        timeframe: Timeframe, in any spelling ("60m" is "1h").
        end: Aware time; None reads all.

    Raises:
        NoBarsError: If there are none; it lists what there is.
    """
    bars = find_bars(snapshot, symbol, timeframe)
    if bars is not None and end is not None:
        bars = bars.cut(bars.first_at_or_after(end)).without_empty_columns()
    if bars is None or not len(bars):
        held = [(item.symbol, item.timeframe) for item in available(snapshot)]
        raise NoBarsError(symbol, normal(timeframe), held)
    return bars
