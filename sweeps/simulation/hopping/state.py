"""State: what a run carries from tile to tile, one row of numbers, so that many runs can take turns."""

from typing import Final

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import END_OF_DATA, RUIN
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.ledger import (
    T_ENTRY_BAR,
    T_ENTRY_PRICE,
    T_EXIT_BAR,
    T_EXIT_PRICE,
    T_FEES,
    T_PNL,
    T_QUANTITY,
    T_REASON,
    T_RETURN,
)
from sweeps.simulation.position import Position

Floats = npt.NDArray[np.float64]

BLOCKS: Final = 16

H_SETTLED: Final = 0
H_WORTH: Final = 1
H_PEAK: Final = 2
H_LOWEST: Final = 3
H_SIDE: Final = 4
H_QUANTITY: Final = 5
H_ENTRY_PRICE: Final = 6
H_ENTRY_FEE: Final = 7
H_ENTRY_BAR: Final = 8
H_STOP: Final = 9
H_STOP_REASON: Final = 10
H_TARGET: Final = 11
H_TRAIL: Final = 12
H_BORROWED: Final = 13
H_NEXT_ORDER: Final = 14
H_LAST_BAR: Final = 15
H_TRADES: Final = 16
H_SKIPPED: Final = 17
H_RUINED: Final = 18
H_ODD: Final = 19
H_EQUITY: Final = 20
H_CUBE: Final = 21
H_FOURTH: Final = 22
H_DOWNSIDE: Final = 23
H_GAIN: Final = 24
H_LOSS: Final = 25
K_WON: Final = 26
K_LOST: Final = 27
K_HELD: Final = 28
K_IN_POSITION: Final = 29
K_NOTIONAL: Final = 30
K_FEES: Final = 31
K_WON_CASH: Final = 32
K_LOST_CASH: Final = 33
K_WON_RETURN: Final = 34
K_LOST_RETURN: Final = 35
K_BEST: Final = 36
K_WORST: Final = 37
K_MEAN: Final = 38
K_SPREAD: Final = 39
H_SUMS: Final = 40
H_SQUARES: Final = H_SUMS + BLOCKS
N_STATE: Final = H_SQUARES + BLOCKS


@inlined
def begin(state: Floats, initial: float) -> None:
    """Reset a run's row."""
    state[:] = 0.0
    state[H_SETTLED] = state[H_WORTH] = state[H_PEAK] = initial
    state[H_LOWEST] = 1.0
    state[H_LAST_BAR] = -1.0
    state[K_BEST], state[K_WORST] = -np.inf, np.inf


@inlined
def mark(state: Floats, bar: int, block: int, worth: float, risk_free: float) -> None:
    """Add one bar's close to a run."""
    before = state[H_WORTH]
    r = worth / before - 1.0 if before > 0.0 else 0.0
    square = r * r
    state[H_SUMS + block] += r
    state[H_SQUARES + block] += square
    state[H_CUBE] += square * r
    state[H_FOURTH] += square * square
    below = min(r - risk_free, 0.0)
    state[H_DOWNSIDE] += below * below
    state[H_GAIN] += max(r, 0.0)
    state[H_LOSS] -= min(r, 0.0)
    state[H_EQUITY] += worth
    state[H_PEAK] = max(state[H_PEAK], worth)
    if worth < state[H_LOWEST] * state[H_PEAK]:
        state[H_LOWEST] = worth / state[H_PEAK]
    state[H_WORTH] = worth
    state[H_LAST_BAR] = bar


@inlined
def idle(state: Floats, bar: int, risk_free: float) -> None:
    """Add the closes up to ``bar``, during which equity stands still."""
    bars = bar - state[H_LAST_BAR]
    if bars > 0.0:
        below = min(-risk_free, 0.0)
        state[H_DOWNSIDE] += bars * below * below
        state[H_EQUITY] += bars * state[H_WORTH]
        state[H_LAST_BAR] = bar


@inlined
def count_trade(state: Floats, trade: Floats) -> None:
    """Add one row of a ledger to a run; the sums of `trade_statistics`, one trade at a time."""
    pnl, gain, reason = trade[T_PNL], trade[T_RETURN], trade[T_REASON]
    if pnl > 0.0:
        state[K_WON] += 1.0
        state[K_WON_CASH] += pnl
        state[K_WON_RETURN] += gain
    elif pnl < 0.0:
        state[K_LOST] += 1.0
        state[K_LOST_CASH] -= pnl
        state[K_LOST_RETURN] += gain
    state[K_BEST], state[K_WORST] = max(state[K_BEST], gain), min(state[K_WORST], gain)
    state[H_TRADES] += 1.0
    off = gain - state[K_MEAN]
    state[K_MEAN] += off / state[H_TRADES]
    state[K_SPREAD] += off * (gain - state[K_MEAN])
    held = trade[T_EXIT_BAR] - trade[T_ENTRY_BAR]
    state[K_HELD] += held
    state[K_IN_POSITION] += held + (1.0 if reason == END_OF_DATA else 0.0)
    state[K_NOTIONAL] += trade[T_QUANTITY] * trade[T_ENTRY_PRICE]
    if reason not in (END_OF_DATA, RUIN):
        state[K_NOTIONAL] += trade[T_QUANTITY] * trade[T_EXIT_PRICE]
    state[K_FEES] += trade[T_FEES]


@inlined
def held_position(state: Floats) -> Position:
    """Return the position that a run holds at the beginning of a tile."""
    return Position(
        state[H_SIDE],
        state[H_QUANTITY],
        state[H_ENTRY_PRICE],
        state[H_ENTRY_FEE],
        int(state[H_ENTRY_BAR]),
        state[H_STOP],
        int(state[H_STOP_REASON]),
        state[H_TARGET],
    )


@inlined
def hold_position(state: Floats, position: Position) -> None:
    """Keep a position for the next tile."""
    state[H_SIDE], state[H_QUANTITY] = position.side, position.quantity
    state[H_ENTRY_PRICE], state[H_ENTRY_FEE] = position.entry_price, position.entry_fee
    state[H_ENTRY_BAR], state[H_STOP] = position.entry_bar, position.stop
    state[H_STOP_REASON], state[H_TARGET] = position.stop_reason, position.target
