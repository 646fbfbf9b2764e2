"""Adjustment: prices scaled by adjusted close / close, for splits and dividends."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sweeps.bars.errors import Problem
from sweeps.bars.frame import PRICES
from sweeps.bars.parsing.parsed import ParsedBars

ADJUSTED_CLOSE = "adj_close"


def adjustment_problems(bars: ParsedBars) -> Iterator[Problem]:
    """Yield the rows whose adjusted close cannot scale a price: empty, or not above 0."""
    factor = bars.extra.get(ADJUSTED_CLOSE)
    if factor is None:
        return
    for at in np.flatnonzero(~(factor > 0)):
        yield Problem(bars.file, int(bars.rows[at]), ADJUSTED_CLOSE, "needs a price above 0 to adjust by")


def adjust(bars: ParsedBars) -> ParsedBars:
    """Return bars whose prices are multiplied by adjusted close / close; volume stays.

    One factor scales a bar's four prices, so their order is kept exactly. The adjusted close is then the
    close and is dropped. Bars without that column are taken as adjusted already.
    """
    if ADJUSTED_CLOSE not in bars.extra:
        return bars
    factor = bars.extra[ADJUSTED_CLOSE] / bars.values["close"]
    scaled = {name: bars.values[name] * factor for name in PRICES}
    extra = {name: column for name, column in bars.extra.items() if name != ADJUSTED_CLOSE}
    return replace(bars, values={**bars.values, **scaled}, extra=extra)
