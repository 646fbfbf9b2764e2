"""The kernel against vectorbt, 10,000 bars, SMA cross, close fills. It computes 31 metrics, the peer five."""

import numpy as np
import pytest

from sweeps.simulation.kernel import SignalSet, simulate
from sweeps.simulation.metrics import METRIC_NAMES
from tests.benchmarks.contest import contest
from tests.crosscheck.market import gappy_window, long_events, sma
from tests.crosscheck.vectorbt_peer import peer_runs
from tests.sweeps.simulation.cases import table

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

BARS = 10_000
FASTS = range(5, 37, 2)
SLOWS = range(40, 200, 20)
COMPARED = ("total_return", "max_drawdown", "num_trades", "win_rate", "sharpe")


def test_sma_cross_signals_only() -> None:
    window = gappy_window(BARS)
    means = {length: sma(window.close, length) for length in (*FASTS, *SLOWS)}
    events = [long_events((means[fast] > means[slow]).astype(np.int8)) for fast in FASTS for slow in SLOWS]
    settings = table(fill="close", fee_bps=5.0, slippage_bps=2.0)
    together = np.column_stack(events)
    never = np.zeros(together.shape, dtype=bool)

    def ours() -> dict[str, np.ndarray]:
        rows = np.vstack([simulate(window, SignalSet(one), settings, 252.0).metrics for one in events])
        return {name: rows[:, METRIC_NAMES.index(name)] for name in COMPARED}

    def peer() -> dict[str, np.ndarray]:
        columns = {"entries": (together & 1) > 0, "exits": (together & 4) > 0, "short_entries": never}
        found = peer_runs(
            window, {**columns, "short_exits": never}, init_cash=100_000.0, fees=5e-4, slippage=2e-4
        )
        return {name: found[name] for name in COMPARED}

    verdict = contest("SMA cross, signals only", ours, peer, runs=len(events))
    assert verdict.ratio > 0
