"""vectorbt as a peer: many columns of signals at once, and what it says of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt

from sweeps.simulation.kernel import PriceWindow

CHUNK = 128  # its fastest; unchunked it needs gigabytes


METRICS: dict[str, Callable[[Any], Any]] = {
    "total_return": lambda run: run.total_return().to_numpy(),
    "sharpe": lambda run: run.sharpe_ratio(year_freq="252 days").to_numpy(),
    "max_drawdown": lambda run: -run.max_drawdown().to_numpy(),
    "num_trades": lambda run: run.trades.count().to_numpy(),
    "win_rate": lambda run: run.trades.win_rate().to_numpy(),
    "profit_factor": lambda run: run.trades.profit_factor().to_numpy(),
    "total_fees": lambda run: run.orders.fees.sum().to_numpy(),
    "trades": lambda run: run.trades.records_arr.copy(),
}


def peer_runs(
    window: PriceWindow,
    columns: dict[str, np.ndarray],
    *,
    metrics: Sequence[str] = tuple(METRICS),
    chunk: int = CHUNK,
    **options: Any,
) -> dict[str, np.ndarray]:
    """Return vectorbt's metrics per column of signals; "trades" are its records of all.

    Args:
        window: The bars.
        columns: entries, exits, short_entries, short_exits: booleans, each of shape (bars, columns).
        metrics: Which of `METRICS`; others are not computed.
        chunk: Columns at a time.
        options: What `Portfolio.from_signals` takes. All stops are always passed, off as NaN: other argument
            types would compile it again, at 8 s each.
    """
    count = columns["entries"].shape[1]
    parts = []
    for start in range(0, count, chunk):
        some = {name: values[:, start : start + chunk] for name, values in columns.items()}
        parts.append(_chunk(window, some, start, metrics, **options))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _chunk(
    window: PriceWindow, columns: dict[str, np.ndarray], start: int, metrics: Sequence[str], **options: Any
) -> dict[str, np.ndarray]:
    off = {"sl_stop": np.nan, "tp_stop": np.nan, "sl_trail": False, "size": np.inf}
    wide = np.ones(columns["entries"].shape[1])
    close = pd.DataFrame(np.multiply.outer(window.close, wide))
    run = vbt.Portfolio.from_signals(
        close,
        **{name: pd.DataFrame(values) for name, values in columns.items()},
        open=window.open[:, None],
        high=window.high[:, None],
        low=window.low[:, None],
        freq="1D",
        **(off | options),
    )
    found = {name: METRICS[name](run) for name in metrics}
    if "trades" in found:
        found["trades"]["col"] += start
    return found
