"""Orders: a signal set in bits, and the next bar at which it asks for something."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.bits import ALL, U, next_bit, trailing_zeros
from sweeps.simulation.hopping.compiling import inlined

Words = npt.NDArray[np.uint64]


class Orders(NamedTuple):
    """Bits of each bar; an entry of both sides on one bar is in neither. Empty: the rule is not in use.

    Bar t is bit t + ``shift`` of the orders, and bit t of ``session_last``.
    """

    enter_long: Words
    exit_long: Words
    enter_short: Words
    exit_short: Words
    shift: int
    session_last: Words


@inlined
def next_entry(orders: Orders, start: int, end: int) -> tuple[int, float]:
    """Return (bar, side) of the next entry in [start, end); bar is ``end`` if there is none."""
    start, end = start + orders.shift, end + orders.shift
    if orders.enter_short.size == 0:
        return next_bit(orders.enter_long, start, end) - orders.shift, 1.0
    bit = _next_of_two(orders.enter_long, orders.enter_short, start, end)
    if bit >= end:
        return end - orders.shift, 1.0
    short = (orders.enter_short[U(bit >> 6)] >> np.uint64(bit & 63)) & np.uint64(1)
    return bit - orders.shift, 1.0 - 2.0 * float(short)


@inlined
def next_exit(orders: Orders, side: float, start: int, end: int) -> int:
    """Return the next bar in [start, end) that orders a position out, or to the other side; else ``end``."""
    start, end = start + orders.shift, end + orders.shift
    if orders.enter_short.size == 0:
        return next_bit(orders.exit_long, start, end) - orders.shift
    if side < 0.0:
        return _next_of_two(orders.exit_short, orders.enter_long, start, end) - orders.shift
    return _next_of_two(orders.exit_long, orders.enter_short, start, end) - orders.shift


@inlined
def ends_session(orders: Orders, bar: int) -> bool:
    """Tell whether a bar is the last of its session, if sessions end positions."""
    return orders.session_last.size > 0 and next_bit(orders.session_last, bar, bar + 1) == bar


@inlined
def _next_of_two(one: Words, other: Words, start: int, end: int) -> int:
    """Return the first bit in [start, end) that either has set; ``end`` if there is none."""
    if start >= end:
        return end
    place = start >> 6
    word = (one[U(place)] | other[U(place)]) & (ALL << np.uint64(start & 63))
    while word == 0:
        place += 1
        if place << 6 >= end:
            return end
        word = one[U(place)] | other[U(place)]
    return min((place << 6) + trailing_zeros(word), end)
