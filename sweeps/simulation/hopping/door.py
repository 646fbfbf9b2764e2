"""The engine's compiled door: many runs of many signal sets over one window, tile by tile."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.hopping.finish import curve_of, is_exact, trades_of
from sweeps.simulation.hopping.hop import hop
from sweeps.simulation.hopping.market import Market
from sweeps.simulation.hopping.orders import Orders
from sweeps.simulation.hopping.packing import LONG_KINDS
from sweeps.simulation.hopping.state import (
    BLOCKS,
    H_ODD,
    H_RUINED,
    H_SKIPPED,
    H_SQUARES,
    H_SUMS,
    H_TRADES,
    H_WORTH,
    begin,
)
from sweeps.simulation.loop import Tally
from sweeps.simulation.metrics import buy_hold_return, run_metrics
from sweeps.simulation.settings import Rules
from sweeps.simulation.sources import source_digest

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


def _compiled(sources: int) -> Any:
    """Return the compiled door; a digest of the sources is part of its key in numba's cache."""

    @njit(nogil=True, cache=True, error_model="numpy")
    def run_sets(
        market: Market,
        words: npt.NDArray[np.uint64],
        stop_distance: Floats,
        atr: Floats,
        session_last: npt.NDArray[np.uint64],
        set_of_run: Integers,
        stop_of_set: Integers,
        stop_scale: Floats,
        atr_of_run: Integers,
        session_of_run: Integers,
        settings: Floats,
        periods_per_year: float,
        tile: int,
        states: Floats,
        ledger: Floats,
        metrics: Floats,
        block_sums: npt.NDArray[np.float32],
        block_sumsqs: npt.NDArray[np.float32],
        left: npt.NDArray[np.bool_],
    ) -> int:
        bars, runs = market.close.size, len(settings)
        no_floats, no_words = settings[0, :0], words[0, 0, :0]
        for k in range(runs):
            begin(states[k], settings[k, 0])
        for first in range(0, bars, tile):
            for k in range(runs):
                held = words[set_of_run[k]]
                shorts = len(held) > LONG_KINDS
                orders = Orders(
                    held[0],
                    held[1],
                    held[2] if shorts else no_words,
                    held[3] if shorts else no_words,
                    session_last[session_of_run[k]] if session_of_run[k] >= 0 else no_words,
                )
                stop = stop_of_set[set_of_run[k]]
                distance = stop_distance[stop] * stop_scale[set_of_run[k]] if stop >= 0 else no_floats
                true_range = atr[atr_of_run[k]] if atr_of_run[k] >= 0 else no_floats
                rules = rules_of(settings[k])
                end = min(first + tile, bars)
                hop(market, orders, distance, true_range, rules, first, end, states[k], ledger)
        for k in range(runs):
            state = states[k]
            curve = curve_of(state, bars)
            left[k] = state[H_ODD] != 0.0 or not is_exact(state, market.sums[bars - 1], curve, bars)
            if left[k]:
                continue
            tally = Tally(int(state[H_TRADES]), int(state[H_SKIPPED]), state[H_RUINED] != 0.0, 0)
            rules = rules_of(settings[k])
            hold = buy_hold_return(market.open, market.close, rules)
            run = run_metrics(
                curve, trades_of(state), tally, state[H_WORTH], hold, bars, rules, periods_per_year
            )
            for place, value in enumerate(run):
                metrics[k, place] = value
            for block in range(BLOCKS):
                block_sums[k, block] = state[H_SUMS + block]
                block_sumsqs[k, block] = state[H_SQUARES + block]
        return sources

    return run_sets


@njit(error_model="numpy")
def rules_of(s: Floats) -> Rules:
    """Return a settings row by name."""
    return Rules(
        s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13], s[14]
    )


run_sets = _compiled(source_digest())
"""Run k runs into row k of metrics, block sums and ``left`` (True: the loop must run it).

``words`` (sets, 2 or 4, words), ``stop_distance`` (stops, bars), ``atr`` (periods, bars), ``session_last``
(cut-offs, words); the ``_of_`` arrays say which of them is read, -1 for none.
"""
