"""The trace of one run: what its ledger and equity say, in columns that a reader understands."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.codes import EXIT_REASONS, FILL_CLOSE, STATUS_OK
from sweeps.simulation.excursions import excursions
from sweeps.simulation.ledger import (
    T_BORROW_COST,
    T_ENTRY_BAR,
    T_ENTRY_PRICE,
    T_EXIT_BAR,
    T_EXIT_PRICE,
    T_FEES,
    T_GROSS_PNL,
    T_PNL,
    T_QUANTITY,
    T_REASON,
    T_RETURN,
    T_SIDE,
)
from sweeps.simulation.settings import S_FILL
from sweeps.simulation.window import PriceWindow

Floats = npt.NDArray[np.float64]

_REASONS = np.array(EXIT_REASONS, dtype=object)


@dataclass(frozen=True, eq=False, slots=True)
class Trace:
    """One run in full.

    Args:
        trades: Equally long columns, in order of exit: side (1 long, -1 short), entry_bar, exit_bar,
            entry_price, exit_price (fills, slippage inside), quantity, gross_pnl (before costs), pnl (after
            fees and borrow), return (pnl over entry notional), fees, borrow_cost, bars_held, mae (<= 0) and
            mfe (>= 0) as fractions of the entry price, exit_reason (a word of `EXIT_REASONS`).
        equity: Account value at each close, shape (bars,); NaN if the run failed.
        position: Signed quantity held after each close, shape (bars,).
        metrics: In the order of METRIC_NAMES; NaN is undefined.
        status: 0, or the code in `STATUS_TEXTS` of why the run failed; then there are no trades.
    """

    trades: dict[str, npt.NDArray[Any]]
    equity: Floats
    position: Floats
    metrics: Floats
    status: int


def traced(
    window: PriceWindow,
    settings_row: Floats,
    *,
    equity: Floats,
    ledger: Floats,
    metrics: Floats,
    status: int,
) -> Trace:
    """Return the trace that an equity curve and the rows of a ledger make."""
    if status != STATUS_OK:
        equity, ledger = np.full(len(window), np.nan), ledger[:0]
    at_close = bool(settings_row[S_FILL] == FILL_CLOSE)
    mae, mfe = excursions(window.open, window.high, window.low, ledger, at_close=at_close)
    entry_bar = ledger[:, T_ENTRY_BAR].astype(np.int64)
    exit_bar = ledger[:, T_EXIT_BAR].astype(np.int64)
    reason = ledger[:, T_REASON].astype(np.int64)
    trades: dict[str, npt.NDArray[Any]] = {
        "side": ledger[:, T_SIDE].astype(np.int8),
        "entry_bar": entry_bar,
        "exit_bar": exit_bar,
        "entry_price": ledger[:, T_ENTRY_PRICE].copy(),
        "exit_price": ledger[:, T_EXIT_PRICE].copy(),
        "quantity": ledger[:, T_QUANTITY].copy(),
        "gross_pnl": ledger[:, T_GROSS_PNL].copy(),
        "pnl": ledger[:, T_PNL].copy(),
        "return": ledger[:, T_RETURN].copy(),
        "fees": ledger[:, T_FEES].copy(),
        "borrow_cost": ledger[:, T_BORROW_COST].copy(),
        "bars_held": exit_bar - entry_bar,
        "mae": mae,
        "mfe": mfe,
        "exit_reason": _REASONS[reason],
    }
    return Trace(trades, equity, _positions(ledger, len(window)), metrics, status)


def _positions(ledger: Floats, bars: int) -> Floats:
    """Return the signed quantity after each close; the trade that is open at the end still counts there."""
    position = np.zeros(bars)
    for trade in ledger:
        open_at_end = EXIT_REASONS[int(trade[T_REASON])] == "end_of_data"
        held = slice(int(trade[T_ENTRY_BAR]), int(trade[T_EXIT_BAR]) + open_at_end)
        position[held] = trade[T_SIDE] * trade[T_QUANTITY]
    return position
