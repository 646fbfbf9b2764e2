"""What a finished run leaves in its row: metrics, block sums, status. Shared by the compiled doors."""

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import STATUS_OK
from sweeps.simulation.loop import Tally
from sweeps.simulation.metrics import buy_hold_return, run_metrics
from sweeps.simulation.settings import Rules
from sweeps.simulation.statistics import curve_statistics, trade_statistics

Floats = npt.NDArray[np.float64]


@njit(error_model="numpy")
def rules_of(s: Floats) -> Rules:
    """Return one settings row by name."""
    return Rules(
        s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13], s[14]
    )


@njit(error_model="numpy")
def score(
    tally: Tally,
    open_: Floats,
    close: Floats,
    equity: Floats,
    ledger: Floats,
    rules: Rules,
    periods_per_year: float,
    returns: Floats,
    sums: Floats,
    sumsqs: Floats,
    metrics: Floats,
    block_sums: npt.NDArray[np.float32],
    block_sumsqs: npt.NDArray[np.float32],
) -> None:
    """Fill a run's row of metrics and block sums, all NaN if it failed; ``returns``, ``sums`` are scratch."""
    if tally.status != STATUS_OK:
        metrics[:], block_sums[:], block_sumsqs[:] = np.nan, np.nan, np.nan
        return
    curve = curve_statistics(equity, rules.initial_capital, rules.risk_free, returns, sums, sumsqs)
    of_trades = trade_statistics(ledger[: tally.trades])
    buy_hold = buy_hold_return(open_, close, rules)
    run = run_metrics(curve, of_trades, tally, equity[-1], buy_hold, close.size, rules, periods_per_year)
    for place, value in enumerate(run):
        metrics[place] = value
    block_sums[:], block_sumsqs[:] = sums, sumsqs
