"""Laned lines: returns where equity is a line in the close, as that of shorts is, eight bars at once."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import called, inlined
from sweeps.simulation.hopping.laned_sums import Returns, add_returns, no_returns, with_return
from sweeps.simulation.hopping.lanes import WIDTH, everywhere, floats_at, fused, places, sum_of, where
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.spans import N_SUMS
from sweeps.simulation.hopping.state import BLOCKS, add_to_block

Floats = npt.NDArray[np.float64]
Lanes = Any

LINE_SUMS = N_SUMS * WIDTH
"""Numbers of a run's sums over lines: eight of each column of `spans`."""


@called
def add_line(
    market: Market,
    sums: Floats,
    place: int,
    blocks: Floats,
    several: bool,  # noqa: FBT001  compiled functions take their arguments by place
    rest: float,
    slope: float,
    risk_free: float,
    first: int,
    last: int,
) -> None:
    """Add the returns of the closes after ``first`` to a run's sums from a place on.

    Equity is ``rest + slope x close``, never 0. Where the tile lies in ``several`` blocks of 16, they are
    added to the run's ``blocks`` as well. The window has 2 x `WIDTH` bars or more.
    """
    start, bars = first + 1, market.close.size
    while start <= last:
        block = int(market.block_of[U(start)])
        end = min(last, (block + 1) * bars // BLOCKS - 1) if several else last
        returns = _returns(market.close, start, end, rest, slope, risk_free)
        add_returns(sums, place, returns)
        if several:
            add_to_block(blocks, block, sum_of(returns.total), sum_of(returns.square))
        start = end + 1


@inlined
def _returns(close: Floats, start: int, end: int, rest: float, slope: float, risk_free: float) -> Returns:
    """Return sums over the returns of the closes [start, end]."""
    none, everyone, sums, t = everywhere(0.0), places() > -1, no_returns(), start
    while t + WIDTH <= end + 1:
        sums = with_return(sums, _return(close, t, rest, slope), everyone, risk_free)
        t += WIDTH
    if t <= end:  # the rest, among others beside which there are closes
        at = t if t + WIDTH <= close.size else end + 1 - WIDTH
        counted = (places() > t - 1 - at) & (everywhere(end + 1 - at) > places())
        sums = with_return(sums, where(counted, _return(close, at, rest, slope), none), counted, risk_free)
    return sums


@inlined
def _return(close: Floats, bar: int, rest: float, slope: float) -> Lanes:
    slopes, rests = everywhere(slope), everywhere(rest)
    now = fused(floats_at(close, bar), slopes, rests)
    return now / fused(floats_at(close, bar - 1), slopes, rests) - 1.0


@inlined
def move_lines(lines: Floats, place: int, sums: Floats, row: int) -> None:
    """Add sums over lines, from a place on, to a run's row of sums."""
    for column in range(N_SUMS):
        sums[U(row + column)] += sum_of(floats_at(lines, place + WIDTH * column))
