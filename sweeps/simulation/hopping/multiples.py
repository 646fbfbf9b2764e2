"""Multiples: spans of closes over which equity is quantity x close, added to a run by running sums."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.rows import add_difference
from sweeps.simulation.hopping.spans import F_CLOSE, F_RETURN, F_SQUARE, lowest_ratio
from sweeps.simulation.hopping.state import BLOCKS, H_SPANS, H_SUMMED, Curve, add_to_block

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-12
"""Share of its equity by which a span's may be off quantity x close."""
LOST_SHARE = 5e-6
"""Below this share of the running sum, a sum of closes has lost too many digits."""
VAST, PART = 1e3, 1e-10
"""Where returns' squares come to more than the first, a span's may be rounding below the second share."""
LARGEST = float(np.finfo(np.float64).max)
"""Asked of in the place of infinity, which compilers make a dozen operations of."""


@inlined
def mark_multiple(
    market: Market,
    base: int,
    state: Floats,
    curve: Curve,
    settled: float,
    quantity: float,
    entry_price: float,
    top: float,
    bottom: float,
    first: int,
    last: int,
) -> Curve:
    """Return the curve with the closes after ``first``, whose equity is quantity x close.

    ``top`` and ``bottom`` are its highest and lowest values from ``first`` on.
    """
    sums, start, end = market.sums, first - base, last - base
    add_difference(state, H_SPANS, sums, end, start)
    closes = sums[U(end), F_CLOSE] - sums[U(start), F_CLOSE]
    known = LOST_SHARE * sums[U(end), F_CLOSE] <= closes <= LARGEST
    state[H_SUMMED] = max(state[H_SUMMED], 1.0 if known else 2.0)
    _note_lost(state, sums, sums[U(end), F_SQUARE] - sums[U(start), F_SQUARE], end)
    add_blocks(market, base, state, first, last)
    peak, lowest = deepened(market, base, curve.peak, curve.lowest, top, bottom, first, last)
    equity = curve.equity + (last - first) * (settled - quantity * entry_price) + quantity * closes
    worth = settled + quantity * (market.close[U(last)] - entry_price)
    return Curve(worth, peak, lowest, equity, float(last), curve.idle)


@inlined
def deepened(
    market: Market, base: int, peak: float, lowest: float, top: float, bottom: float, first: int, last: int
) -> tuple[float, float]:
    """Return a curve's peak and lowest share of one after a span whose equity is quantity x close."""
    after = max(peak, top)
    if bottom < lowest * after:
        ratio = lowest_ratio(market.close, market.heads, market.tails, market.groups, base, first, last)
        lowest = min(lowest, ratio, bottom / peak)
    return after, lowest


@inlined
def add_blocks(market: Market, base: int, state: Floats, first: int, last: int) -> None:
    """Add the returns after ``first`` to the sums of their blocks of 16."""
    bars, sums, at = market.close.size, market.sums, first - base
    block, end = int(market.block_of[U(first + 1)]), int(market.block_of[U(last)])
    while block < end:
        edge = (block + 1) * bars // BLOCKS - 1 - base
        _add_block(state, sums, block, at, edge)
        at = edge
        block += 1
    _add_block(state, sums, end, at, last - base)


@inlined
def _add_block(state: Floats, sums: Floats, block: int, first: int, last: int) -> None:
    square = sums[U(last), F_SQUARE] - sums[U(first), F_SQUARE]
    add_to_block(state, block, sums[U(last), F_RETURN] - sums[U(first), F_RETURN], square)
    _note_lost(state, sums, square, last)


@inlined
def _note_lost(state: Floats, sums: Floats, square: float, last: int) -> None:
    """Note that a sum of squares, or of returns, is rounding beside what came before it in the tile."""
    whole = sums[U(last), F_SQUARE]
    if whole > VAST and square < PART * whole:
        state[H_SUMMED] = 2.0
