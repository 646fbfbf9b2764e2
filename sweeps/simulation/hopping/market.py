"""Market: everything about one window's bars that hops read; made once, or tile by tile, for all runs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.lines import in_lines
from sweeps.simulation.hopping.spans import GROUP, N_SUMS, fill_spans
from sweeps.simulation.window import PriceWindow

Floats = npt.NDArray[np.float64]

BLOCKS = 16
SEVERAL = -1


class Market(NamedTuple):
    """A window's prices, shape (n,), and tables over one tile of m bars in g groups of 16.

    ``block_of`` is each bar's block of 16. ``up`` and ``down`` are what bars reach, the open included, shape
    (m,), with the extremes of their groups, shape (g,); ``group_top`` and ``group_bottom`` those of high and
    low, which alone move a trailing stop. The others: see `spans`. ``scale`` holds the largest sums that any
    tile came to, shape (N_SUMS,).
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    block_of: npt.NDArray[np.uint8]
    up: Floats
    down: Floats
    group_up: Floats
    group_down: Floats
    group_top: Floats
    group_bottom: Floats
    sums: Floats
    heads: Floats
    tails: Floats
    groups: Floats
    reach: Floats
    scale: Floats


def market_of(window: PriceWindow, tile: int) -> Market:
    """Return a window's market with empty tables of ``tile`` bars; `fill_tile` fills them."""
    bars = len(window)
    edges = [block * bars // BLOCKS for block in range(BLOCKS + 1)]
    groups = -(-tile // GROUP)
    return Market(
        np.asarray(window.open),
        np.asarray(window.high),
        np.asarray(window.low),
        np.asarray(window.close),
        np.repeat(np.arange(BLOCKS, dtype=np.uint8), np.diff(edges)),
        np.empty(tile),
        np.empty(tile),
        np.empty(groups),
        np.empty(groups),
        np.empty(groups),
        np.empty(groups),
        in_lines(tile, N_SUMS),
        np.empty((tile, 3)),
        np.empty((tile, 3)),
        np.empty((max(1, groups.bit_length()), groups, 3)),
        np.empty((max(1, groups.bit_length()), groups, 2)),
        np.zeros(N_SUMS),
    )


@inlined
def block_of_tile(market: Market, base: int, end: int) -> int:
    """Return the block of 16 in which the bars [base, end) lie; SEVERAL if they lie in more than one."""
    first, last = market.block_of[U(base)], market.block_of[U(end - 1)]
    return int(first) if first == last else SEVERAL


@called
def fill_tile(market: Market, base: int, end: int, risk_free: float, levels: bool) -> None:  # noqa: FBT001
    """Fill the tables with the bars [base, end); downside is below the risk-free return a bar.

    What bars reach is left out where no run has ``levels``.
    """
    fill_spans(
        market.close, base, end, risk_free,
        market.sums, market.heads, market.tails, market.groups, market.reach,
    )  # fmt: skip
    last = market.sums[end - base - 1]
    for column in range(N_SUMS):
        market.scale[column] = max(market.scale[column], last[column])
    if levels:
        _fill_reached(market, base, end)


@called
def _fill_reached(market: Market, base: int, end: int) -> None:
    for group in range(-(-(end - base) // GROUP)):
        group_up = group_top = -np.inf
        group_down = group_bottom = np.inf
        first = base + group * GROUP
        for t in range(first, min(first + GROUP, end)):
            high, low = market.high[t], market.low[t]
            up, down = max(market.open[t], high), min(market.open[t], low)
            market.up[t - base], market.down[t - base] = up, down
            group_up, group_down = max(group_up, up), min(group_down, down)
            group_top, group_bottom = max(group_top, high), min(group_bottom, low)
        market.group_up[group], market.group_down[group] = group_up, group_down
        market.group_top[group], market.group_bottom[group] = group_top, group_bottom
