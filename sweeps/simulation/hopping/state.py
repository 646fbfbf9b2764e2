"""State: what a run carries from tile to tile, one row of numbers, so that many runs can take turns."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import U
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.spans import N_SUMS
from sweeps.simulation.position import Position

Floats = npt.NDArray[np.float64]

BLOCKS: Final = 16

RUNNING, RUINED, ODD = range(3)
"""How a run stands: it goes on; it is ruined; its numbers are too small or too large for hopping."""

TOO_SMALL: Final = 1e-200
"""Share of the capital below which numbers begin to lose their digits; the loop decides such runs."""

H_SETTLED: Final = 0
H_BORROWED: Final = 1
H_TRAIL: Final = 2
H_NEXT_ORDER: Final = 3
H_ENDED: Final = 4
H_SKIPPED: Final = 5
H_POSITION: Final = 6
H_CURVE: Final = H_POSITION + 8
H_SPANS: Final = H_CURVE + 6
"""Sums over the closes' returns, in the columns of `spans`."""
H_TRADES: Final = H_SPANS + N_SUMS
H_WON: Final = H_TRADES + 1
H_LOST: Final = H_TRADES + 2
H_HELD: Final = H_TRADES + 3
H_NOTIONAL: Final = H_TRADES + 4
H_WON_CASH: Final = H_TRADES + 5
H_LOST_CASH: Final = H_TRADES + 6
H_WON_RETURN: Final = H_TRADES + 7
H_LOST_RETURN: Final = H_TRADES + 8
H_BEST: Final = H_TRADES + 9
H_WORST: Final = H_TRADES + 10
H_MEAN: Final = H_TRADES + 11
H_SPREAD: Final = H_TRADES + 12
H_MARKED: Final = H_TRADES + 13
"""1 if the last trade was marked, not sold: it paid no exit."""
H_OPEN: Final = H_TRADES + 14
"""1 if the last trade was open at the end: it counts its last close."""
H_SUMMED: Final = H_TRADES + 15
"""1 if any span came from running sums, whose differences may be inexact; 2 if one is."""
H_SUMS: Final = H_TRADES + 16
H_SQUARES: Final = H_SUMS + BLOCKS
N_STATE: Final = H_SQUARES + BLOCKS


class Curve(NamedTuple):
    """A run's closes so far: the last, the highest, the lowest share of a peak, and their sum.

    ``idle`` counts the closes after which equity had stood still.
    """

    worth: float
    peak: float
    lowest: float
    equity: float
    last_bar: float
    idle: float


@inlined
def begin(state: Floats, initial: float) -> None:
    """Reset a run's row."""
    state[:] = 0.0
    state[H_SETTLED] = initial
    hold_curve(state, Curve(initial, initial, 1.0, 0.0, -1.0, 0.0))
    state[H_BEST], state[H_WORST] = -np.inf, np.inf


@inlined
def idle(curve: Curve, bar: int) -> Curve:
    """Return the curve with the closes up to ``bar``, during which equity stands still."""
    bars = max(bar - curve.last_bar, 0.0)
    return Curve(
        curve.worth,
        curve.peak,
        curve.lowest,
        curve.equity + bars * curve.worth,
        curve.last_bar + bars,
        curve.idle + bars,
    )


@inlined
def reached(peak: float, lowest: float, worth: float) -> tuple[float, float]:
    """Return the highest equity and its lowest share, after a close."""
    peak = max(peak, worth)
    if worth < lowest * peak:
        lowest = worth / peak
    return peak, lowest


@inlined
def add_to_block(state: Floats, block: int, total: float, square: float) -> None:
    """Add a sum of returns, and of their squares, to a block of 16."""
    state[U(H_SUMS + block)] += total
    state[U(H_SQUARES + block)] += square


@inlined
def curve_held(state: Floats) -> Curve:
    """Return a run's curve at the beginning of a tile."""
    s = state[H_CURVE:]
    return Curve(s[0], s[1], s[2], s[3], s[4], s[5])


@inlined
def hold_curve(state: Floats, curve: Curve) -> None:
    """Keep a curve for the next tile."""
    for place, value in enumerate(curve):
        state[H_CURVE + place] = value


@inlined
def position_held(state: Floats) -> Position:
    """Return the position that a run holds at the beginning of a tile."""
    s = state[H_POSITION:]
    return Position(s[0], s[1], s[2], s[3], int(s[4]), s[5], int(s[6]), s[7])


@inlined
def hold_position(state: Floats, position: Position) -> None:
    """Keep a position for the next tile."""
    s = state[H_POSITION:]
    s[0], s[1], s[2], s[3] = position.side, position.quantity, position.entry_price, position.entry_fee
    s[4], s[5], s[6], s[7] = position.entry_bar, position.stop, position.stop_reason, position.target
