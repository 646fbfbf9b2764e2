"""Bars and files for the tests of bars."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lake.lake import Lake, open_lake
from sweeps.bars.frame import Bars
from sweeps.bars.reading import Reading, Wishes, read_bars
from sweeps.bars.sources.detect import read_raw

DAY = 86_400_000_000
HEADER = "date,open,high,low,close,volume"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(text: str, name: str = "AAPL.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write_file


@pytest.fixture
def days(write: Callable[..., Path]) -> Callable[..., Path]:
    """Write a CSV of good daily bars from 2024-01-02; `rows` replaces lines by their line number."""

    def write_days(rows: dict[int, str] | None = None, *, count: int = 6, name: str = "AAPL.csv") -> Path:
        lines = [HEADER, *(f"2024-01-{day:02},10,11,9,10.5,{day}" for day in range(2, 2 + count))]
        for line, text in (rows or {}).items():
            lines[line - 1] = text
        return write("\n".join(lines) + "\n", name)

    return write_days


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Read a file as ingest does, the names of problems shortened to the file's own."""

    def read_file(path: Path, source: str | None = None, **wishes: object) -> Reading:
        return read_bars(read_raw(path, source), Wishes(**wishes))

    return read_file


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., Bars]:
    """Make valid bars at given times (microseconds)."""

    def make(time: object, *, seed: int = 0, **fields: object) -> Bars:
        times = np.asarray(time, dtype=np.int64)
        rng = np.random.default_rng(seed)
        prices = np.sort(rng.uniform(1.0, 100.0, (len(times), 4)), axis=1)
        plain: dict[str, object] = {
            "symbol": "AAPL",
            "timeframe": "1d",
            "open": prices[:, 1],
            "high": prices[:, 3],
            "low": prices[:, 0],
            "close": prices[:, 2],
            "volume": rng.integers(0, 1000, len(times)).astype(float),
        }
        return Bars(time=times, **(plain | fields))

    return make
