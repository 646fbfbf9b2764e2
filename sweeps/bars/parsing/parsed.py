"""Parsed bars: a file's rows as numbers, before their values are checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweeps.bars.errors import Problem
from sweeps.bars.frame import VALUES, BoolArray, FloatArray, IntArray
from sweeps.bars.parsing.decimals import parse_numbers
from sweeps.bars.parsing.times import parse_times
from sweeps.bars.sources.columns import REQUIRED, RESERVED, plain
from sweeps.bars.sources.raw import RawBars


@dataclass(frozen=True)
class ParsedBars:
    """Rows of a file as numbers; NaN, or `UNREADABLE` for a time, where a problem says why.

    Attributes:
        file: The file as the user named it.
        rows: The file's own row numbers, shape (n,).
        time: UTC microseconds.
        values: open, high, low, close, volume.
        extra: Further numeric columns; NaN where a cell is empty.
        symbols: Symbol of each row; None if the file has no such column.
    """

    file: str
    rows: IntArray
    time: IntArray
    values: Mapping[str, FloatArray]
    extra: Mapping[str, FloatArray]
    symbols: npt.NDArray[np.object_] | None

    def chosen(self, mask: BoolArray) -> "ParsedBars":
        """Return some of the rows."""
        return ParsedBars(
            self.file,
            self.rows[mask],
            self.time[mask],
            {name: column[mask] for name, column in self.values.items()},
            {name: column[mask] for name, column in self.extra.items()},
            None if self.symbols is None else self.symbols[mask],
        )


@dataclass(frozen=True)
class Parsing:
    """The outcome of parsing a file.

    Attributes:
        bars: The rows; None if nothing useful is there.
        problems: What is wrong so far.
        ignored: Columns that are not numbers, or that the lake names itself.
    """

    bars: ParsedBars | None
    problems: tuple[Problem, ...]
    ignored: tuple[str, ...] = ()


def parse(raw: RawBars, tz: str) -> Parsing:
    """Parse a file's cells; columns that are missing and cells that cannot be read become problems."""
    problems = list(raw.problems)
    if not raw.headers:
        return Parsing(None, tuple(problems))
    missing = [name for name in REQUIRED if name not in raw.cells]
    if missing:
        return Parsing(None, (*_missing(raw, missing), *problems))
    if not len(raw.rows):
        return Parsing(None, (*problems, Problem(raw.file, None, "", "there are no bars in it")))
    times = parse_times(raw.cells["time"], tz)
    problems += [Problem(raw.file, int(raw.rows[at]), "time", why) for at, why in times.reasons.items()]
    values = {}
    for name in VALUES:
        values[name], bad = parse_numbers(raw.cells[name])
        problems += _unusable(raw, name, values[name], bad)
    extra = {}
    for name in raw.cells.keys() - {*REQUIRED, "symbol"}:
        column, bad = parse_numbers(raw.cells[name])
        if np.isfinite(column).sum() > bad.sum():
            extra[name] = column
            problems += [_not_a_number(raw, name, int(at)) for at in np.flatnonzero(bad)]
    problems += _unnamed_symbols(raw)
    unused = raw.cells.keys() - {"symbol", *REQUIRED, *extra}
    ignored = tuple(sorted(unused | (RESERVED & set(map(plain, raw.headers)))))
    bars = ParsedBars(raw.file, raw.rows, times.micros, values, extra, _symbols(raw))
    return Parsing(bars, tuple(problems), ignored)


def _missing(raw: RawBars, missing: list[str]) -> Iterator[Problem]:
    found = ", ".join(header for header in raw.headers if header) or "none"
    for name in missing:
        yield Problem(raw.file, None, name, f"there is no such column; found: {found}")


def _unusable(raw: RawBars, name: str, values: FloatArray, bad: BoolArray) -> Iterator[Problem]:
    """Yield the cells of a column that every bar needs and that hold no number."""
    for at in np.flatnonzero(np.isnan(values)):
        if bad[at]:
            yield _not_a_number(raw, name, int(at))
        else:
            yield Problem(raw.file, int(raw.rows[at]), name, "no value (NaN)")


def _not_a_number(raw: RawBars, name: str, at: int) -> Problem:
    return Problem(raw.file, int(raw.rows[at]), name, f'"{raw.cells[name][at].as_py()}" is not a number')


def _symbols(raw: RawBars) -> npt.NDArray[np.object_] | None:
    if "symbol" not in raw.cells:
        return None
    return np.asarray(raw.cells["symbol"].cast(pa.string()).fill_null("").to_pandas(), dtype=object)


def _unnamed_symbols(raw: RawBars) -> Iterator[Problem]:
    symbols = _symbols(raw)
    for at in np.flatnonzero(symbols == "") if symbols is not None else ():
        yield Problem(raw.file, int(raw.rows[at]), "symbol", "no symbol")
