"""How far a trade went against its side, and how far for it, while it was open."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import (
    ATR_STOP,
    MAX_BARS,
    SIGNAL,
    STOP_LOSS,
    STRATEGY_STOP,
    TAKE_PROFIT,
    TRAILING_STOP,
)
from sweeps.simulation.ledger import T_ENTRY_BAR, T_ENTRY_PRICE, T_EXIT_BAR, T_EXIT_PRICE, T_REASON, T_SIDE

Floats = npt.NDArray[np.float64]

_AT_LEVEL = (STOP_LOSS, TRAILING_STOP, ATR_STOP, STRATEGY_STOP, TAKE_PROFIT)
_BY_ORDER = (SIGNAL, MAX_BARS)


def excursions(
    open_: Floats, high: Floats, low: Floats, ledger: Floats, *, at_close: bool
) -> tuple[Floats, Floats]:
    """Return (mae, mfe) of each trade: fractions of its entry price, mae <= 0 <= mfe.

    Seen are whole bars while the trade is open; of the entry bar nothing if it was entered at the close; of
    the exit bar the open alone if it was left at the open, the open and the exit price if at a level.

    Args:
        open_: Opens, shape (bars,).
        high: Highs, shape (bars,).
        low: Lows, shape (bars,).
        ledger: Trades, shape (trades, N_LEDGER).
        at_close: Whether orders fill at closes.
    """
    mae, mfe = np.zeros(len(ledger)), np.zeros(len(ledger))
    for k, trade in enumerate(ledger):
        entered, left, reason = int(trade[T_ENTRY_BAR]), int(trade[T_EXIT_BAR]), int(trade[T_REASON])
        side, entry_price = trade[T_SIDE], trade[T_ENTRY_PRICE]
        first = entered + 1 if at_close else entered
        at_level, at_open = reason in _AT_LEVEL, reason in _BY_ORDER and not at_close
        whole = slice(first, left if at_level or at_open else left + 1)
        seen = [open_[left]] if at_level or at_open else []
        if at_level:
            seen.append(trade[T_EXIT_PRICE])
        lowest = min(low[whole].min(initial=np.inf), *seen, np.inf)
        highest = max(high[whole].max(initial=-np.inf), *seen, -np.inf)
        if lowest > highest:
            continue
        worst, best = (lowest, highest) if side > 0 else (highest, lowest)
        mae[k] = min(side * (worst / entry_price - 1.0), 0.0)
        mfe[k] = max(side * (best / entry_price - 1.0), 0.0)
    return mae, mfe
