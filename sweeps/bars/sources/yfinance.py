"""yfinance: the CSV of a downloaded frame, with header rows for price and ticker, for one or many tickers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweeps.bars.sources.cells import Cells, read_cells
from sweeps.bars.sources.columns import canonical, plain
from sweeps.bars.sources.delimited import read_csv
from sweeps.bars.sources.raw import RawBars

_FIELDS = {"open", "high", "low", "close"}
_LEVELS = {"price", "ticker", "attributes", ""}
_ACTIONS = {"dividends", "stock_splits", "capital_gains"}


def read_yfinance(path: Path, file: str) -> RawBars:
    """Read a frame that `yfinance.download(...).to_csv()` or `Ticker.history(...).to_csv()` wrote.

    Prices without an `Adj Close` beside them are adjusted: that is what yfinance does by default. In a file
    of several tickers the days on which one has no prices at all are not its bars.
    """
    cells = read_cells(path, file)
    top = [cells.header(row) for row in range(min(3, len(cells.rows)))]
    if not has_levels(top):
        plain_bars = read_csv(path, file)
        adjusted = "adj_close" not in plain_bars.cells
        return RawBars(
            file, plain_bars.cells, plain_bars.rows, plain_bars.headers, plain_bars.problems, adjusted
        )
    fields, tickers = top[:2] if _names_fields(top[0]) else (top[1], top[0])
    named_index = len(top) == 3 and not any(top[2][1:])
    return _long(file, cells.below(3 if named_index else 2), fields[1:], tickers[1:])


def is_yfinance(lines: list[list[str]]) -> bool:
    """Return whether the first lines look like a yfinance frame."""
    names = {plain(cell) for cell in lines[0]}
    return has_levels(lines) or (names >= _FIELDS and bool(names & _ACTIONS))


def has_levels(lines: Sequence[Sequence[str]]) -> bool:
    """Return whether the header has a row for the price and one for the ticker."""
    return (
        len(lines) >= 2
        and all(plain(line[0]) in _LEVELS for line in lines[:2])
        and _names_fields(lines[0]) != _names_fields(lines[1])
    )


def _names_fields(row: Sequence[str]) -> bool:
    return {plain(cell) for cell in row} >= _FIELDS


def _long(file: str, body: Cells, fields: Sequence[str], tickers: Sequence[str]) -> RawBars:
    """Stack the tickers that stand side by side."""
    symbols = list(dict.fromkeys(tickers))
    parts = [_one(body, symbol, fields, tickers, drop_absent=len(symbols) > 1) for symbol in symbols]
    names = list(dict.fromkeys(name for columns, _ in parts for name in columns))
    stacked = {
        name: pa.concat_arrays([columns.get(name, pa.array([""] * len(rows))) for columns, rows in parts])
        for name in names
    }
    rows = np.concatenate([rows for _, rows in parts])
    headers = ("Date", *dict.fromkeys(fields))
    return RawBars(file, stacked, rows, headers, body.problems, "adj_close" not in stacked)


def _one(
    body: Cells, symbol: str, fields: Sequence[str], tickers: Sequence[str], *, drop_absent: bool
) -> tuple[dict[str, pa.Array], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return one ticker's columns and the line numbers of its rows."""
    own = [position for position, ticker in enumerate(tickers) if ticker == symbol]
    found = canonical([fields[position] for position in own])
    columns = {name: body.columns[own[at] + 1] for name, at in found.items()}
    columns["time"] = body.columns[0]
    columns["symbol"] = pa.array([symbol] * len(body.rows), pa.string())
    if not drop_absent:
        return columns, body.rows
    traded = np.zeros(len(body.rows), dtype=bool)
    for name in _FIELDS & set(columns):
        traded |= np.asarray(pc.not_equal(columns[name], ""))
    return {name: column.filter(pa.array(traded)) for name, column in columns.items()}, body.rows[traded]
