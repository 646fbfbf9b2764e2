"""Metrics of an equity curve's path, computed with a run's details."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def path_metrics(equity: Floats, initial: float) -> dict[str, float]:
    """Return how deep and how long an equity curve lay under its peaks.

    A drawdown is a stretch of closes below the highest close before them; the first peak is ``initial``.

    Args:
        equity: Account value per bar, shape (bars,), quote currency.
        initial: Initial capital, > 0.

    Returns:
        ulcer_index: Root of the mean squared drawdown of all bars, fraction; 0.0 if equity never falls.
        avg_drawdown: Mean depth of the drawdowns, positive fraction; NaN without drawdowns.
        max_drawdown_bars: Bars of the longest drawdown; 0.0 without drawdowns.
        avg_drawdown_bars: Mean length of the drawdowns in bars; NaN without drawdowns.
    """
    peaks = np.maximum(np.maximum.accumulate(equity), initial)
    depths = 1.0 - equity / peaks
    below = np.concatenate(([False], equity < peaks, [False]))
    starts = np.flatnonzero(below[1:] & ~below[:-1])
    ends = np.flatnonzero(below[:-1] & ~below[1:])
    lengths = ends - starts
    deepest = [depths[start:end].max() for start, end in zip(starts, ends, strict=True)]
    fell = len(lengths) > 0
    return {
        "ulcer_index": float(np.sqrt(np.mean(depths * depths))),
        "avg_drawdown": float(np.mean(deepest)) if fell else np.nan,
        "max_drawdown_bars": float(lengths.max()) if fell else 0.0,
        "avg_drawdown_bars": float(lengths.mean()) if fell else np.nan,
    }
