"""Orders: from a strategy's function to bits, the way a sweep of many runs goes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.hopping.packing import pack_above, pack_events, pack_state
from sweeps.strategies.contract import Above, Direction, FloatArray, Signals, Strategy
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
    state = _bare_state(strategy, result, bars)
    if state is not None:
        warm = used.warm - start if used.warm > start else 0
        both, inverted = direction == "both", direction == "short"
        if isinstance(state, Above):
            pack_above(state.left[start:], state.right[start:], warm, words, both, inverted)
        else:
            pack_state(state[start:].view(np.uint8), warm, words, both, inverted)
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


def _bare_state(strategy: Strategy, result: Any, bars: int) -> Above | npt.NDArray[np.bool_] | None:
    """Return a result that is nothing but a boolean state of the right shape; None for any other."""
    if type(result) is Signals:
        for value in result.indicators.values():
            if getattr(value, "shape", None) != (bars,):
                diagnostics(strategy, result, bars)
        sides = (result.entries, result.exits, result.short_entries, result.short_exits)
        if result.stop_distance is not None or any(side is not None for side in sides):
            return None
        result = result.state
    if type(result) is Above:
        rows = result.left, result.right
        fits = all(
            type(row) is np.ndarray and row.dtype == np.float64 and row.shape == (bars,) for row in rows
        )
        return result if fits else None
    if type(result) is np.ndarray and result.dtype == np.bool_ and result.shape == (bars,):
        return np.ascontiguousarray(result)
    return None
