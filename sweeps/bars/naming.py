"""Names: the symbol and timeframe that a file's name tells."""

import re
from pathlib import Path

from sweeps.bars.timeframes import normal

_SUFFIXES = re.compile(r"\.(csv|txt|tsv|parquet|pq|gz|bz2|zst)$", re.IGNORECASE)
_TIMEFRAME = re.compile(r"[-_. ](\d{1,4}(?:[smhdw]|[SHDW]))(?=$|[-_. ])")
_DATE = re.compile(r"([-_]\d{4}([-_]?\d{2}){0,2})+$")


def name_parts(path: Path) -> tuple[str, str | None]:
    """Return the symbol and, where the name has one, the timeframe of a file.

    `AAPL.csv` is AAPL; `BTCUSDT-1h-2024-01.csv` is BTCUSDT at 1h. A capital M is no timeframe: in Binance's
    names it is a month.
    """
    stem = path.name
    while _SUFFIXES.search(stem):
        stem = _SUFFIXES.sub("", stem)
    found = _TIMEFRAME.search(stem)
    if found and int(found[1][:-1]):
        return stem[: found.start()], normal(found[1].lower())
    return _DATE.sub("", stem) or stem, None
