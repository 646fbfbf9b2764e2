"""Market: everything about one window's bars that hops read; made once, shared by all runs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.levels import levels_of
from sweeps.simulation.hopping.spans import F_CLOSE, spans_of
from sweeps.simulation.window import PriceWindow

Floats = npt.NDArray[np.float64]

BLOCKS = 16


class Market(NamedTuple):
    """Tables of n bars in groups of 16; see `Spans` and `Levels`. ``block_of`` is each bar's block of 16."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    up: Floats
    down: Floats
    group_up: Floats
    group_down: Floats
    group_top: Floats
    group_bottom: Floats
    terms: Floats
    sums: Floats
    heads: Floats
    tails: Floats
    groups: Floats
    totals: Floats
    block_of: npt.NDArray[np.uint8]


def market_of(window: PriceWindow, risk_free: float) -> Market:
    """Return the tables of a window for one risk-free return a bar."""
    spans, levels = spans_of(window.close, risk_free), levels_of(window)
    bars = len(window)
    edges = [block * bars // BLOCKS for block in range(BLOCKS + 1)]
    block_of = np.repeat(np.arange(BLOCKS, dtype=np.uint8), np.diff(edges))
    return Market(
        np.asarray(window.open),
        np.asarray(window.high),
        np.asarray(window.low),
        np.asarray(window.close),
        levels.reach_up,
        levels.reach_down,
        levels.group_up,
        levels.group_down,
        levels.group_top,
        levels.group_bottom,
        spans.terms,
        spans.sums,
        spans.heads,
        spans.tails,
        spans.groups,
        np.ascontiguousarray(spans.sums[:, F_CLOSE]),
        block_of,
    )
