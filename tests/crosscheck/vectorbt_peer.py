"""vectorbt as a peer: many columns of signals at once, and what it says of them."""

from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt

from sweeps.simulation.kernel import PriceWindow

CHUNK = 128  # its fastest; unchunked it needs gigabytes


def peer_runs(window: PriceWindow, columns: dict[str, np.ndarray], **options: Any) -> dict[str, np.ndarray]:
    """Return vectorbt's metrics per column of signals, and its trade records under "trades".

    Args:
        window: The bars.
        columns: entries, exits, short_entries, short_exits: booleans, each of shape (bars, columns).
        options: What `Portfolio.from_signals` takes. All stops are always passed, off as NaN: other argument
            types would compile it again, at 8 s each.
    """
    count = columns["entries"].shape[1]
    parts = []
    for start in range(0, count, CHUNK):
        chunk = {name: values[:, start : start + CHUNK] for name, values in columns.items()}
        parts.append(_chunk(window, chunk, start, **options))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _chunk(
    window: PriceWindow, columns: dict[str, np.ndarray], start: int, **options: Any
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
    trades = run.trades.records_arr.copy()
    trades["col"] += start
    return {
        "total_return": run.total_return().to_numpy(),
        "sharpe": run.sharpe_ratio(year_freq="252 days").to_numpy(),
        "max_drawdown": -run.max_drawdown().to_numpy(),
        "num_trades": run.trades.count().to_numpy(),
        "win_rate": run.trades.win_rate().to_numpy(),
        "profit_factor": run.trades.profit_factor().to_numpy(),
        "total_fees": run.orders.fees.sum().to_numpy(),
        "trades": trades,
    }
