"""Plain runs: fills at the close, all-in, no exits but orders. Most runs are, and deserve a shorter path.

`hop` is inlined a second time with what a plain run has not as constants, which takes every question about it
out of the compiled code. The numbers are the same to the last bit. Runs whose costs alone are plain may have
stops, targets and an age.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import FILL_CLOSE, SIZE_ALL_IN
from sweeps.simulation.hopping.compiling import inlined
from sweeps.simulation.hopping.orders import Orders
from sweeps.simulation.hopping.watch import Shared
from sweeps.simulation.loop import has_levels
from sweeps.simulation.settings import Rules

Floats = npt.NDArray[np.float64]
CLOSE, ALL_IN, OFF = float(FILL_CLOSE), float(SIZE_ALL_IN), float(np.nan)


@inlined
def has_plain_costs(rules: Rules) -> bool:
    """Tell whether a run fills at the close, is all in, and pays shares of what it trades alone."""
    no_costs = rules.fee_fixed == 0.0 and rules.borrow == 0.0 and rules.lot_size == 0.0
    return no_costs and rules.fill == CLOSE and rules.sizing_kind == ALL_IN


@inlined
def has_plain_exits(rules: Rules, stop_distance: Floats) -> bool:
    """Tell whether a run has no exits but orders and sessions."""
    return not has_levels(rules, stop_distance) and np.isnan(rules.max_bars)


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
