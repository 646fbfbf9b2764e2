"""Laned state: what runs own and pay, and how they stand, a lane each; and their states side by side."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.lanes import WIDTH, everywhere, floats_at, gathered, put, where
from sweeps.simulation.hopping.state import H_CURVE, H_POSITION, H_SETTLED, TOO_SMALL, Curve
from sweeps.simulation.settings import S_FEE, S_INITIAL_CAPITAL, S_RISK_FREE, S_SLIPPAGE

Floats = npt.NDArray[np.float64]
Lanes = Any

P_SIDE, P_QUANTITY, P_PRICE, P_FEE, P_BAR = range(H_POSITION, H_POSITION + 5)
C_WORTH, C_PEAK, C_LOWEST, C_EQUITY, C_BAR, C_IDLE = range(H_CURVE, H_CURVE + 6)


class Costs(NamedTuple):
    """What runs pay, as shares; ``least`` is the money below which they are not as usual."""

    fee: Lanes
    slippage: Lanes
    least: Lanes
    risk_free: float


class Holdings(NamedTuple):
    """Settled money, whether a position is held, and what it was entered with, at which bar.

    ``side`` is that of the last position, 1 long and -1 short, whose quantity is negative.
    """

    settled: Lanes
    held: Lanes
    side: Lanes
    quantity: Lanes
    price: Lanes
    fee: Lanes
    bar: Lanes


class Step(NamedTuple):
    """One trip: its number, first bar, last before the exit, that of the exit, its side; and in which lanes.

    ``active`` are lanes that have such a trip, ``closing`` those that also end it in the tile, and ``marked``
    those that have no position at the close of the exit.
    """

    number: int
    first: Lanes
    last: Lanes
    out: Lanes
    side: Lanes
    active: Lanes
    closing: Lanes
    marked: Lanes


@inlined
def costs_of(settings: Floats, row: Lanes) -> Costs:
    """Return what runs pay; ``row`` is where their settings begin."""
    least = gathered(settings, row + S_INITIAL_CAPITAL) * TOO_SMALL
    return Costs(
        gathered(settings, row + S_FEE), gathered(settings, row + S_SLIPPAGE), least, settings[0, S_RISK_FREE]
    )


@inlined
def holdings_of(state: Floats) -> Holdings:
    """Return the holdings of states that lie side by side."""
    side = floats_at(state, WIDTH * P_SIDE)
    return Holdings(
        floats_at(state, WIDTH * H_SETTLED),
        side * side > 0.0,
        side,
        floats_at(state, WIDTH * P_QUANTITY) * side,
        floats_at(state, WIDTH * P_PRICE),
        floats_at(state, WIDTH * P_FEE),
        floats_at(state, WIDTH * P_BAR),
    )


@inlined
def put_holdings(state: Floats, own: Holdings) -> None:
    """Write holdings into states that lie side by side."""
    put(state, WIDTH * H_SETTLED, own.settled)
    put(state, WIDTH * P_SIDE, where(own.held, own.side, everywhere(0.0)))
    put(state, WIDTH * P_QUANTITY, own.quantity * own.side)
    put(state, WIDTH * P_PRICE, own.price)
    put(state, WIDTH * P_FEE, own.fee)
    put(state, WIDTH * P_BAR, own.bar)


@inlined
def curves_of(state: Floats) -> Curve:
    """Return the curves of states that lie side by side."""
    return Curve(
        floats_at(state, WIDTH * C_WORTH),
        floats_at(state, WIDTH * C_PEAK),
        floats_at(state, WIDTH * C_LOWEST),
        floats_at(state, WIDTH * C_EQUITY),
        floats_at(state, WIDTH * C_BAR),
        floats_at(state, WIDTH * C_IDLE),
    )


@inlined
def put_curve(state: Floats, curve: Curve) -> None:
    """Write curves into states that lie side by side."""
    put(state, WIDTH * C_WORTH, curve.worth)
    put(state, WIDTH * C_PEAK, curve.peak)
    put(state, WIDTH * C_LOWEST, curve.lowest)
    put(state, WIDTH * C_EQUITY, curve.equity)
    put(state, WIDTH * C_BAR, curve.last_bar)
    put(state, WIDTH * C_IDLE, curve.idle)
