"""Runs of a strategy that is asked at every close: their metrics under many settings, and one in full."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sweeps.simulation.account import ACCOUNT_SLOTS
from sweeps.simulation.asked_loop import BAR_ASKED, ROWS_DONE
from sweeps.simulation.asked_rows import asked_rows
from sweeps.simulation.kernel import AtrMissingError, Outcome
from sweeps.simulation.ledger import N_LEDGER
from sweeps.simulation.metric_names import N_METRICS
from sweeps.simulation.settings import S_ATR_MULTIPLE
from sweeps.simulation.statistics import BLOCKS
from sweeps.simulation.trace import Trace, traced
from sweeps.simulation.window import PriceWindow, SignalSet, read_only

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Asker:
    """A compiled strategy with its parameters and rows, ready to be asked. Threads may share it.

    Args:
        ask_at: Address of the compiled function, of the signature `ASK`.
        inputs: Addresses of the arrays that it reads, shape (arrays,).
        kept: Those arrays and the function: an address is good while what lies there lives.
        memory: How many floats it keeps from bar to bar.
        first: What it calls the window's bar 0.
        warm: First bar of the window at which it is asked.
        states: What its wishes -1, 0 and 1 mean under the run's direction.
        place: Where it is written, for messages.
    """

    ask_at: int
    inputs: npt.NDArray[np.int64]
    kept: tuple[Any, ...]
    memory: int
    first: int
    warm: int
    states: tuple[int, int, int]
    place: str


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """What k runs of one asker made.

    Args:
        outcome: As of `simulate`.
        errors: What the strategy raised, by row; such a row has NaN metrics.
        orders: Event bits that the last row's strategy ordered at each close, shape (bars,).
        equity: Account value of the last row at each close, shape (bars,).
        ledger: Trades of the last row, shape (trades, N_LEDGER).
    """

    outcome: Outcome
    errors: dict[int, Exception]
    orders: npt.NDArray[np.uint8]
    equity: Floats
    ledger: Floats


class Scratch:
    """Arrays that runs over windows of one length write into, one run after the other; of one thread."""

    def __init__(self, bars: int) -> None:
        self.orders = np.zeros(bars, np.uint8)
        self.equity, self.ledger = np.empty(bars), np.empty((bars, N_LEDGER))


def simulate_asked(
    window: PriceWindow,
    signals: SignalSet,
    asker: Asker,
    settings: Floats,
    periods_per_year: float,
    scratch: Scratch | None = None,
) -> Asked:
    """Return the runs of one asker under each settings row, bar by bar; the GIL is released meanwhile.

    A row whose strategy raises ends there with its error; the other rows are untouched by it.

    Args:
        window: The bars.
        signals: Stop distance, ATR and sessions of the same bars; its events are not read.
        asker: The strategy.
        settings: Rows of `settings_table`, shape (k, N_SETTINGS).
        periods_per_year: Bars a year.
        scratch: Where equity, ledger and orders are written; None makes it.

    Raises:
        WindowLengthError: If the signals do not cover the window.
        AtrMissingError: If a row has an ATR stop and ``signals.atr`` is empty.
    """
    bars, runs = len(window), len(settings)
    settings = read_only(settings, np.float64)
    signals.check(bars)
    if len(signals.atr) == 0 and not np.isnan(settings[:, S_ATR_MULTIPLE]).all():
        raise AtrMissingError
    scratch = scratch or Scratch(bars)
    metrics = np.full((runs, N_METRICS), np.nan)
    sums, sumsqs = np.full((2, runs, BLOCKS), np.nan, dtype=np.float32)
    status, trades = np.zeros(runs, dtype=np.uint8), np.zeros(runs, dtype=np.int64)
    progress = np.zeros(2, dtype=np.int64)
    account, memory = np.empty(ACCOUNT_SLOTS), np.empty(asker.memory)
    errors: dict[int, Exception] = {}
    run_rows = asked_rows()
    while progress[ROWS_DONE] < runs:
        try:
            run_rows(
                asker.ask_at,
                asker.inputs,
                asker.first,
                asker.warm,
                asker.states,
                window.open,
                window.high,
                window.low,
                window.close,
                signals.stop_distance,
                signals.atr,
                signals.session_last,
                settings,
                float(periods_per_year),
                account,
                memory,
                scratch.orders,
                scratch.equity,
                scratch.ledger,
                trades,
                metrics,
                sums,
                sumsqs,
                status,
                progress,
            )
        except Exception as error:  # noqa: BLE001  a user's function may raise anything; its run fails alone
            error.add_note(f"raised at bar {progress[BAR_ASKED]} in {asker.place}")
            errors[int(progress[ROWS_DONE])] = error
            progress[ROWS_DONE] += 1
    ledger = scratch.ledger[: trades[-1] if runs else 0]
    return Asked(
        Outcome(metrics, sums, sumsqs, status, looped=runs), errors, scratch.orders, scratch.equity, ledger
    )


def trace_asked(
    window: PriceWindow, signals: SignalSet, asker: Asker, settings_row: Floats, periods_per_year: float
) -> Trace:
    """Return one run of an asker in full, by the same loop as `simulate_asked`.

    Raises:
        Exception: Whatever the strategy raised.
    """
    made = simulate_asked(window, signals, asker, settings_row.reshape(1, -1), periods_per_year)
    for error in made.errors.values():
        raise error
    return traced(
        window,
        settings_row,
        equity=made.equity,
        ledger=made.ledger,
        metrics=made.outcome.metrics[0],
        status=int(made.outcome.status[0]),
    )
