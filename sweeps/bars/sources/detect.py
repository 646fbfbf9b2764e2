"""Detect: which reader a file needs, judged by its content."""

import csv
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from sweeps.bars.errors import UnknownSourceError
from sweeps.bars.sources.binance import is_binance, read_binance
from sweeps.bars.sources.cells import head
from sweeps.bars.sources.delimited import read_csv
from sweeps.bars.sources.parquet import is_parquet, read_parquet
from sweeps.bars.sources.raw import RawBars
from sweeps.bars.sources.yfinance import is_yfinance, read_yfinance

READERS: dict[str, Callable[[Path, str], RawBars]] = {
    "csv": read_csv,
    "yfinance": read_yfinance,
    "binance": read_binance,
    "parquet": read_parquet,
}
DEMO = "demo"
SOURCES = (*READERS, DEMO)


def require_source(source: str) -> None:
    """Check a source's name.

    Raises:
        UnknownSourceError: If there is no such source.
    """
    if source not in SOURCES:
        raise UnknownSourceError(source, SOURCES)


def detect(path: Path) -> str:
    """Return the name of the reader that a file needs; "csv" where nothing speaks for another."""
    if is_parquet(path):
        return "parquet"
    lines = head(path)
    if lines and is_binance(lines):
        return "binance"
    if lines and is_yfinance(lines):
        return "yfinance"
    return "csv"


def read_raw(path: Path, source: str | None = None) -> RawBars:
    """Read a file with the named reader, or with the one that its content asks for.

    A file that cannot be read at all gives raw bars with that one problem and no rows.
    """
    file = str(path)
    if not path.is_file():
        reason = "is a folder; name its files" if path.is_dir() else "no such file"
        return RawBars.unreadable(file, reason)
    try:
        return READERS[source or detect(path)](path, file)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        return RawBars.unreadable(
            file, "the file is empty" if "Empty" in reason else f"cannot be read: {reason}"
        )
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        return RawBars.unreadable(file, "not UTF-8 text; save it as CSV in UTF-8, or as Parquet", row)
    except (OSError, csv.Error) as error:
        return RawBars.unreadable(file, f"cannot be read: {error}")
