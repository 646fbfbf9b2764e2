"""The one compiled door of the simulation: many settings rows over one window and one signal set."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import STATUS_OK
from sweeps.simulation.loop import run_bars
from sweeps.simulation.metrics import buy_hold_return, run_metrics
from sweeps.simulation.settings import Rules
from sweeps.simulation.sources import source_digest
from sweeps.simulation.statistics import BLOCKS, curve_statistics, trade_statistics

Floats = npt.NDArray[np.float64]


def _compiled(sources: int) -> Callable[..., int]:
    """Return the compiled door; a digest of the sources is part of its key in numba's cache."""

    @njit(nogil=True, cache=True, error_model="numpy")
    def run_rows(
        open_: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
        events: npt.NDArray[np.uint8],
        stop_distance: Floats,
        atr: Floats,
        session_last: npt.NDArray[np.bool_],
        settings: Floats,
        periods_per_year: float,
        equity: Floats,
        ledger: Floats,
        trades: npt.NDArray[np.int64],
        metrics: Floats,
        block_sums: npt.NDArray[np.float32],
        block_sumsqs: npt.NDArray[np.float32],
        status: npt.NDArray[np.uint8],
    ) -> int:
        bars = close.size
        returns = np.empty(bars)
        sums, sumsqs = np.empty(BLOCKS), np.empty(BLOCKS)
        for k in range(len(settings)):
            s = settings[k]
            rules = Rules(
                s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13], s[14]
            )
            tally = run_bars(
                open_, high, low, close, events, stop_distance, atr, session_last, rules, equity, ledger
            )
            trades[k], status[k] = tally.trades, tally.status
            if tally.status != STATUS_OK:
                metrics[k], block_sums[k], block_sumsqs[k] = np.nan, np.nan, np.nan
                continue
            curve = curve_statistics(equity, rules.initial_capital, rules.risk_free, returns, sums, sumsqs)
            of_trades = trade_statistics(ledger[: tally.trades])
            buy_hold = buy_hold_return(open_, close, rules)
            run = run_metrics(curve, of_trades, tally, equity[-1], buy_hold, bars, rules, periods_per_year)
            for place, value in enumerate(run):
                metrics[k, place] = value
            block_sums[k], block_sumsqs[k] = sums, sumsqs
        return sources

    compiled: Any = run_rows
    return compiled


run_rows = _compiled(source_digest())
"""Run every settings row into row k of trades, metrics, block sums and status.

``equity`` (bars,) and ``ledger`` (bars, N_LEDGER) are scratch: they hold the last row's curve and trades.
"""
