"""Binance klines: twelve columns, no header (spot) or their own (futures), times in ms or, since 2025, us."""

from pathlib import Path

from sweeps.bars.sources.cells import read_cells
from sweeps.bars.sources.raw import RawBars

KLINE = {
    "time": 0,
    "open": 1,
    "high": 2,
    "low": 3,
    "close": 4,
    "volume": 5,
    "quote_volume": 7,
    "trades": 8,
    "taker_buy_volume": 9,
    "taker_buy_quote_volume": 10,
}
WIDTH = 12


def read_binance(path: Path, file: str) -> RawBars:
    """Read a kline file of data.binance.vision. Close time and the last, unused column are left out."""
    cells = read_cells(path, file)
    if not len(cells.rows):
        return RawBars.unreadable(file, "the file is empty")
    if len(cells.columns) != WIDTH:
        reason = (
            f"Binance klines have {WIDTH} columns, this has {len(cells.columns)}; choose another --source"
        )
        return RawBars.unreadable(file, reason, int(cells.rows[0]))
    body = cells.below(0 if cells.header(0)[0].isdigit() else 1)
    columns = {name: body.columns[position] for name, position in KLINE.items()}
    return RawBars(file, columns, body.rows, tuple(KLINE), body.problems)


def is_binance(lines: list[list[str]]) -> bool:
    """Return whether the first lines look like klines."""
    first = lines[0]
    header = first[0].lower() == "open_time" and any(cell.lower().startswith("taker_buy") for cell in first)
    return len(first) == WIDTH and (header or (first[0].isdigit() and first[6].isdigit()))
