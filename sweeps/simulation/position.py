"""An open position: how large it is, what it pays, where it stops."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import (
    ATR_STOP,
    ENTER_LONG,
    ENTER_SHORT,
    SIZE_ALL_IN,
    SIZE_CASH,
    SIZE_FRACTION,
    STAY,
    STOP_LOSS,
    STRATEGY_STOP,
)
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]

HAIR = 1.0 + 1e-12
"""Orders that differ from cash or a lot by rounding alone are meant to fit."""


class Position(NamedTuple):
    """One open position; ``side`` is 1 long, -1 short, 0 flat.

    ``stop`` and ``target`` are levels times side, so that both sides compare alike: a long and a short
    stop both fire at ``side * price <= stop``. Off is -inf and inf.
    """

    side: float
    quantity: float
    entry_price: float
    entry_fee: float
    entry_bar: int
    stop: float
    stop_reason: int
    target: float


@njit(error_model="numpy")
def flat() -> Position:
    """Return the absence of a position."""
    return Position(0.0, 0.0, 0.0, 0.0, -1, -np.inf, STAY, np.inf)


@njit(error_model="numpy")
def entry_side(event: int) -> float:
    """Return 1.0 for an order to go long, -1.0 to go short, 0.0 for neither (or both at once)."""
    enters = event & (ENTER_LONG | ENTER_SHORT)
    if enters == ENTER_LONG:
        return 1.0
    return -1.0 if enters == ENTER_SHORT else 0.0


@njit(error_model="numpy")
def order_size(price: float, equity: float, kind: float, value: float, rules: Rules) -> float:
    """Return the quantity that an entry at ``price`` may have; 0.0 if it cannot be paid or is too small."""
    cost = price * (1.0 + rules.fee)
    if kind == SIZE_ALL_IN:
        quantity = (equity - rules.fee_fixed) / cost
    elif kind == SIZE_FRACTION:
        quantity = (value * equity - rules.fee_fixed) / cost
    elif kind == SIZE_CASH:
        quantity = (value - rules.fee_fixed) / cost
    else:
        quantity = value
    if rules.lot_size > 0.0:
        # Never below 0, which no order is; and a step more than compilers compute ahead of the question.
        quantity = max(np.floor(quantity / rules.lot_size * HAIR), 0.0) * rules.lot_size
    if quantity <= 0.0 or quantity * cost + rules.fee_fixed > equity * HAIR:
        return 0.0
    return quantity


@njit(error_model="numpy")
def at_signal(values: Floats, bar: int) -> float:
    """Return a distance (or ATR) at its signal bar; NaN, which no level can be made of, if not in use."""
    return values[bar] if values.size > 0 else np.nan


@njit(error_model="numpy")
def lacks_distance(values: Floats, bar: int) -> bool:
    """Tell whether a distance is in use but not known (or not positive) at the signal bar."""
    return values.size > 0 and not 0.0 < values[bar] < np.inf


@njit(error_model="numpy")
def nearest_stop(
    side: float, base: float, distance: float, true_range: float, rules: Rules
) -> tuple[float, int]:
    """Return the nearest of the stops that stay where they are for the whole trade, and its reason."""
    stop = -np.inf
    reason = STAY
    level = side * (base * (1.0 - side * rules.stop_loss))
    if level > stop:
        stop, reason = level, STOP_LOSS
    level = side * (base - side * (rules.atr_multiple * true_range))
    if level > stop:
        stop, reason = level, ATR_STOP
    level = side * (base - side * distance)
    if level > stop:
        stop, reason = level, STRATEGY_STOP
    return stop, reason


@njit(error_model="numpy")
def levels_of(
    side: float, market_price: float, distance: float, true_range: float, rules: Rules
) -> tuple[float, int, float]:
    """Return the nearest stop of a position entered at a market price, its reason, and the target."""
    stop, reason = nearest_stop(side, market_price, distance, true_range, rules)
    target = side * (market_price * (1.0 + side * rules.take_profit))
    return stop, reason, np.inf if np.isnan(target) else target


@njit(error_model="numpy")
def opened(
    side: float,
    bar: int,
    market_price: float,
    settled: float,
    distance: float,
    true_range: float,
    levels: bool,  # noqa: FBT001  compiled functions take their arguments by place
    rules: Rules,
) -> Position:
    """Return the position that an entry order opens at ``bar``; flat if it must be skipped.

    ``distance`` and ``true_range`` are those of the signal's bar, NaN if not in use; ``levels`` tells whether
    the run has any stop or target.
    """
    price = market_price * (1.0 + side * rules.slippage)
    quantity = order_size(price, settled, rules.sizing_kind, rules.sizing_value, rules)
    if quantity == 0.0:
        return flat()
    fee = quantity * price * rules.fee + rules.fee_fixed
    stop, reason, target = -np.inf, STAY, np.inf
    if levels:
        stop, reason, target = levels_of(side, market_price, distance, true_range, rules)
    return Position(side, quantity, price, fee, bar, stop, reason, target)


@njit(error_model="numpy")
def ordered_in(
    order: int,
    signal_bar: int,
    bar: int,
    market_price: float,
    settled: float,
    stop_distance: Floats,
    atr: Floats,
    levels: bool,  # noqa: FBT001  compiled functions take their arguments by place
    rules: Rules,
) -> Position:
    """Return the position that an entry order of ``signal_bar`` opens at ``bar``; see `opened`."""
    distance, true_range = at_signal(stop_distance, signal_bar), at_signal(atr, signal_bar)
    return opened(entry_side(order), bar, market_price, settled, distance, true_range, levels, rules)
