"""Orders: from a strategy's function to bits, the way a sweep of many runs goes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.packing import pack_events, pack_state
from sweeps.strategies.contract import Direction, FloatArray, Signals, Strategy
from sweeps.strategies.evaluate import diagnostics
from sweeps.strategies.events import to_events
from sweeps.strategies.indicators import Indicators


def write_orders(
    strategy: Strategy,
    ind: Indicators,
    parameters: Mapping[str, Any],
    direction: Direction,
    start: int,
    words: npt.NDArray[np.uint64],
) -> FloatArray | None:
    """Write the orders of one parameter set, from bar ``start`` on, into its rows of words.

    The same orders as `evaluate`: a boolean state goes from bytes to bits at once, anything else by way of
    event codes.

    Args:
        strategy: What is asked.
        ind: Its bars and indicators.
        parameters: Values of every parameter by name.
        direction: Which sides may trade; the strategy has them.
        start: First bar of the window.
        words: Shape (2 or 4, words); 4 where shorts are allowed.

    Returns:
        The stop distance over the window in price units, or None.

    Raises:
        SignalError: If it returned something that is not a signal. Whatever it raises passes through.
    """
    bars = len(ind.bars)
    with ind.recording() as used:
        result = strategy.function(ind.bars, ind, **parameters)
    state: Any = result
    if isinstance(result, Signals):
        diagnostics(strategy, result, bars)
        plain = result.entries is None and result.short_entries is None and result.stop_distance is None
        state = result.state if plain and result.exits is None and result.short_exits is None else None
    if isinstance(state, np.ndarray) and state.dtype == np.bool_ and state.shape == (bars,):
        window = np.ascontiguousarray(state[start:]).view(np.uint8)
        pack_state(window, max(used.warm - start, 0), words, direction == "both", direction == "short")
        return None
    events, stop_distance = to_events(
        result,
        direction,
        short_allowed=strategy.short,
        warm=used.warm,
        n=bars,
        start=start,
        strategy=strategy.name,
    )
    pack_events(events, words)
    return stop_distance
