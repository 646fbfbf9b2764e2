"""The compiled door of asked strategies: many settings rows over one window and one parameter set.

It takes the strategy's function as an address, so that it is compiled once and kept on disk: only the few
lines of a user are compiled in each process. A call through the address takes about 2 ns.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import types

from sweeps.simulation.asked_loop import ROWS_DONE, run_asked
from sweeps.simulation.pointers import asking_at
from sweeps.simulation.scoring import rules_of, score
from sweeps.simulation.sources import door
from sweeps.simulation.statistics import BLOCKS

Floats = npt.NDArray[np.float64]


def _array(dtype: Any, dimensions: int = 1, *, readonly: bool = False) -> Any:
    return types.Array(dtype, dimensions, "C", readonly=readonly)


_PRICES: Final = _array(types.float64, readonly=True)
_SIGNATURE: Final = (
    types.int64,
    _array(types.int64),
    types.int64,
    types.int64,
    types.UniTuple(types.int64, 3),
    *(_PRICES,) * 6,
    _array(types.bool_, readonly=True),
    _array(types.float64, 2, readonly=True),
    types.float64,
    _array(types.float64),
    _array(types.float64),
    _array(types.uint8),
    _array(types.float64),
    _array(types.float64, 2),
    _array(types.int64),
    _array(types.float64, 2),
    _array(types.float32, 2),
    _array(types.float32, 2),
    _array(types.uint8),
    _array(types.int64),
)


@cache
def asked_rows() -> Callable[..., None]:
    """Return the door, compiled when it is first asked for: sweeps of other strategies do not pay for it.

    It runs every settings row into row k of trades, metrics, block sums and status, and keeps in
    ``progress`` how far it is: an exception of the strategy leaves it, and the rows after it can be run.
    """

    @door()
    def run_asked_rows(
        ask_at: int,
        inputs: npt.NDArray[np.int64],
        first: int,
        warm: int,
        states: tuple[int, int, int],
        open_: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
        stop_distance: Floats,
        atr: Floats,
        session_last: npt.NDArray[np.bool_],
        settings: Floats,
        periods_per_year: float,
        account: Floats,
        memory: Floats,
        orders: npt.NDArray[np.uint8],
        equity: Floats,
        ledger: Floats,
        trades: npt.NDArray[np.int64],
        metrics: Floats,
        block_sums: npt.NDArray[np.float32],
        block_sumsqs: npt.NDArray[np.float32],
        status: npt.NDArray[np.uint8],
        progress: npt.NDArray[np.int64],
    ) -> None:
        ask = asking_at(ask_at)
        returns = np.empty(close.size)
        sums, sumsqs = np.empty(BLOCKS), np.empty(BLOCKS)
        for k in range(progress[ROWS_DONE], len(settings)):
            rules = rules_of(settings[k])
            tally = run_asked(
                ask,
                inputs,
                first,
                warm,
                states,
                open_,
                high,
                low,
                close,
                stop_distance,
                atr,
                session_last,
                rules,
                account,
                memory,
                orders,
                equity,
                ledger,
                progress,
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
            progress[ROWS_DONE] = k + 1

    compiled: Any = run_asked_rows
    compiled.compile(_SIGNATURE)
    compiled.disable_compile()
    return compiled
