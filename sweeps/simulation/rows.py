"""The one compiled door of the simulation: many settings rows over one window and one signal set."""

import numpy as np
import numpy.typing as npt

from sweeps.simulation.loop import run_bars
from sweeps.simulation.scoring import rules_of, score
from sweeps.simulation.sources import door
from sweeps.simulation.statistics import BLOCKS

Floats = npt.NDArray[np.float64]


@door()
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
) -> None:
    """Run every settings row into row k of trades, metrics, block sums and status.

    ``equity`` (bars,) and ``ledger`` (bars, N_LEDGER) are scratch: they hold the last row's curve and trades.
    """
    returns = np.empty(close.size)
    sums, sumsqs = np.empty(BLOCKS), np.empty(BLOCKS)
    for k in range(len(settings)):
        rules = rules_of(settings[k])
        tally = run_bars(
            open_, high, low, close, events, stop_distance, atr, session_last, rules, equity, ledger
        )
        trades[k], status[k] = tally.trades, tally.status
        score(
            tally,
            open_,
            close,
            equity,
            ledger,
            rules,
            periods_per_year,
            returns,
            sums,
            sumsqs,
            metrics[k],
            block_sums[k],
            block_sumsqs[k],
        )
