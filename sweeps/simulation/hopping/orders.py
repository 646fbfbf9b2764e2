"""Orders: a signal set in bits, and the next bar at which it asks for something."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT
from sweeps.simulation.hopping.bits import next_bit
from sweeps.simulation.hopping.compiling import inlined

Words = npt.NDArray[np.uint64]


class Orders(NamedTuple):
    """Bits of each bar; an entry of both sides on one bar is in neither. Empty: the rule is not in use."""

    enter_long: Words
    exit_long: Words
    enter_short: Words
    exit_short: Words
    session_last: Words


@inlined
def next_entry(orders: Orders, start: int, end: int) -> tuple[int, int]:
    """Return (bar, order) of the next entry in [start, end); bar is ``end`` if there is none."""
    bar = next_bit(orders.enter_long, start, end)
    order = ENTER_LONG
    if orders.enter_short.size > 0:
        short_bar = next_bit(orders.enter_short, start, end)
        if short_bar < bar:
            bar, order = short_bar, ENTER_SHORT
    return bar, order


@inlined
def next_exit(orders: Orders, side: float, start: int, end: int) -> int:
    """Return the next bar in [start, end) that orders a position out, or to the other side; else ``end``."""
    if side < 0.0:
        bar = next_bit(orders.exit_short, start, end)
        return min(bar, next_bit(orders.enter_long, start, bar))
    bar = next_bit(orders.exit_long, start, end)
    return min(bar, next_bit(orders.enter_short, start, bar)) if orders.enter_short.size > 0 else bar


@inlined
def ends_session(orders: Orders, bar: int) -> bool:
    """Tell whether a bar is the last of its session, if sessions end positions."""
    return orders.session_last.size > 0 and next_bit(orders.session_last, bar, bar + 1) == bar
