"""Plain runs: fills at the close, all-in, no exits but orders. Most runs are, and deserve a shorter path.

`hop` is inlined a second time with what a plain run has not as constants, which takes every question about it
out of the compiled code. The numbers are the same to the last bit.
"""

from typing import Any

import numpy as np

from sweeps.simulation.codes import FILL_CLOSE, SIZE_ALL_IN
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.orders import Orders
from sweeps.simulation.hopping.watch import Shared
from sweeps.simulation.settings import Rules

CLOSE, ALL_IN, OFF = float(FILL_CLOSE), float(SIZE_ALL_IN), float(np.nan)


@inlined
def is_plain(rules: Rules, stop: int, session: int) -> bool:
    """Tell whether a run is plain; ``stop`` and ``session`` are -1 where it has none of its own."""
    no_levels = (
        np.isnan(rules.stop_loss)
        and np.isnan(rules.take_profit)
        and np.isnan(rules.trailing_stop)
        and np.isnan(rules.atr_multiple)
        and stop < 0
    )
    no_costs = rules.fee_fixed == 0.0 and rules.borrow == 0.0 and rules.lot_size == 0.0
    orders_alone = no_levels and np.isnan(rules.max_bars) and session < 0
    return orders_alone and no_costs and rules.fill == CLOSE and rules.sizing_kind == ALL_IN


@inlined
def plain_rules(rules: Rules) -> Rules:
    """Return a plain run's rules, all but a few of them constants."""
    return Rules(
        rules.initial_capital, CLOSE, ALL_IN, 0.0, rules.fee, 0.0, rules.slippage, 0.0, 0.0, rules.risk_free,
        OFF, OFF, OFF, OFF, OFF,
    )  # fmt: skip


@inlined
def plain_orders(orders: Orders, none: Any) -> Orders:
    """Return orders without sessions."""
    return Orders(
        orders.enter_long, orders.exit_long, orders.enter_short, orders.exit_short, orders.shift, none
    )


@inlined
def nothing_shared(none: Any, no_peaks: Any) -> Shared:
    """Return what a run without levels shares with others."""
    return Shared(none, none, none, no_peaks)
