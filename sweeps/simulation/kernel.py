"""The kernel: the metrics of one signal set under many settings, and the trace of one run."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweeps.errors import SweepError
from sweeps.simulation import SIMULATION_VERSION
from sweeps.simulation.ledger import N_LEDGER
from sweeps.simulation.metric_names import METRIC_NAMES, N_METRICS
from sweeps.simulation.rows import run_rows
from sweeps.simulation.settings import S_ATR_MULTIPLE, settings_table
from sweeps.simulation.statistics import BLOCKS
from sweeps.simulation.trace import Trace, traced
from sweeps.simulation.window import PriceWindow, SignalSet, read_only

__all__ = [
    "METRIC_NAMES",
    "SIMULATION_VERSION",
    "AtrMissingError",
    "Outcome",
    "PriceWindow",
    "SignalSet",
    "Trace",
    "settings_table",
    "simulate",
    "trace",
]

Floats = npt.NDArray[np.float64]


class AtrMissingError(SweepError):
    """An ATR stop is asked for, but the signals came without ATR values."""

    def __str__(self) -> str:
        return "an ATR stop is set, but the signals carry no atr; give SignalSet(atr=...)"


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What `simulate` says of k runs.

    Args:
        metrics: Shape (k, len(METRIC_NAMES)); NaN is undefined. All NaN where ``status`` is not 0.
        block_sums: Sums of returns in 16 blocks of equal count over the bars, shape (k, 16).
        block_sumsqs: Sums of squared returns in the same blocks, shape (k, 16).
        status: 0, or the code in `STATUS_TEXTS` of why the run failed, shape (k,).
        looped: How many of the runs went bar by bar, through the reference loop.
    """

    metrics: Floats
    block_sums: npt.NDArray[np.float32]
    block_sumsqs: npt.NDArray[np.float32]
    status: npt.NDArray[np.uint8]
    looped: int = 0


def simulate(window: PriceWindow, signals: SignalSet, settings: Floats, periods_per_year: float) -> Outcome:
    """Return the metrics of one signal set under each settings row.

    Pure, and the GIL is released while it runs. A run whose equity or order is not finite does not raise:
    it gets a status and NaN metrics, and the other rows are untouched by it.

    Args:
        window: The bars.
        signals: What the strategy said about the same bars.
        settings: Rows of `settings_table`, shape (k, N_SETTINGS).
        periods_per_year: Bars a year.

    Raises:
        WindowLengthError: If the signals do not cover the window.
        AtrMissingError: If a row has an ATR stop and ``signals.atr`` is empty.
    """
    outcome, _, _, _ = _run(window, signals, settings, periods_per_year)
    return outcome


def trace(window: PriceWindow, signals: SignalSet, settings_row: Floats, periods_per_year: float) -> Trace:
    """Return one run in full: its trades, equity, position and metrics, by the same loop as `simulate`.

    Args:
        window: The bars.
        signals: What the strategy said about the same bars.
        settings_row: One row of `settings_table`, shape (N_SETTINGS,).
        periods_per_year: Bars a year.

    Raises:
        WindowLengthError: If the signals do not cover the window.
        AtrMissingError: If there is an ATR stop and ``signals.atr`` is empty.
    """
    outcome, equity, ledger, trades = _run(window, signals, settings_row.reshape(1, -1), periods_per_year)
    return traced(
        window,
        settings_row,
        equity=equity,
        ledger=ledger[: trades[0]],
        metrics=outcome.metrics[0],
        status=int(outcome.status[0]),
    )


def _run(
    window: PriceWindow, signals: SignalSet, settings: Floats, periods_per_year: float
) -> tuple[Outcome, Floats, Floats, npt.NDArray[np.int64]]:
    """Return the outcome of all rows, and the equity and ledger of the last."""
    bars, runs = len(window), len(settings)
    settings = read_only(settings, np.float64)
    signals.check(bars)
    if len(signals.atr) == 0 and not np.isnan(settings[:, S_ATR_MULTIPLE]).all():
        raise AtrMissingError
    metrics = np.empty((runs, N_METRICS))
    sums = np.empty((runs, BLOCKS), dtype=np.float32)
    sumsqs = np.empty((runs, BLOCKS), dtype=np.float32)
    status = np.empty(runs, dtype=np.uint8)
    equity, ledger, trades = np.empty(bars), np.empty((bars, N_LEDGER)), np.empty(runs, dtype=np.int64)
    run_rows(
        window.open,
        window.high,
        window.low,
        window.close,
        signals.events,
        signals.stop_distance,
        signals.atr,
        signals.session_last,
        settings,
        float(periods_per_year),
        equity,
        ledger,
        trades,
        metrics,
        sums,
        sumsqs,
        status,
    )
    return Outcome(metrics, sums, sumsqs, status), equity, ledger, trades
