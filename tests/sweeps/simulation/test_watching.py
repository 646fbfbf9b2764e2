"""Runs of a long state with stops, targets and ages, whose trips are shortened first: each as in the loop."""

from dataclasses import replace

import numpy as np
import pytest

from sweeps.simulation.codes import EXIT_REASONS
from sweeps.simulation.engine import Batch, Engine
from sweeps.simulation.hopping.pooling import POOL_RUNS, pools_of
from sweeps.simulation.kernel import METRIC_NAMES, PriceWindow, SignalSet, simulate, trace
from tests.sweeps.simulation.cases import FREE, OFF, table
from tests.sweeps.simulation.test_engine_equals_loop import assert_metrics_equal
from tests.sweeps.simulation.test_kernel_properties import random_bars
from tests.sweeps.simulation.test_trips import PERIODS, batch_of, events_of

COUNTED = [METRIC_NAMES.index(name) for name in ("num_trades", "win_rate", "avg_bars_held")]
CHOICES = {
    "fee_bps": (0.0, 5.0, 300.0),
    "slippage_bps": (0.0, 25.0),
    "stop_loss": (OFF, OFF, 0.02, 0.1, 0.999),
    "take_profit": (OFF, OFF, 0.03, 0.1, 1.5),
    "trailing_stop": (OFF, OFF, 0.02, 0.1),
    "atr_stop_multiple": (OFF, OFF, 1.0, 2.5),
    "max_bars": (OFF, OFF, 1.0, 2.0, 9.0, 1e300),
    "initial_capital": (1e-3, 1e5),
}
SHARED = (
    {},
    {"stop_loss": 0.05, "take_profit": 0.1},
    {"trailing_stop": 0.05, "take_profit": 0.1},
    {"atr_stop_multiple": 1.5, "stop_loss": 0.04, "max_bars": 30.0},
    {"trailing_stop": 0.03, "stop_loss": 0.03},
)


def window_of(rng: np.random.Generator, count: int, *, coarse: bool, calm: bool) -> PriceWindow:
    bars = random_bars(rng, count, coarse=coarse)
    if calm:
        bars = 100 * (bars / 100) ** 0.2
        bars[:, 1], bars[:, 2] = bars.max(axis=1), bars.min(axis=1)
    return PriceWindow(*np.ascontiguousarray(bars.T))


def states_of(rng: np.random.Generator, sets: int, count: int) -> np.ndarray:
    """Return states that turn from seldom to at every other bar, in no order."""
    shares = rng.permutation(np.geomspace(2.0 / (count + 2), 0.5, sets))
    return np.array([np.cumsum(rng.random(count) < share) % 2 for share in shares], dtype=np.bool_)


def with_stops(batch: Batch, atr: np.ndarray, own: np.ndarray, rng: np.random.Generator) -> Batch:
    """Return a batch whose runs read one row of true ranges; sets have none, or one of two stops."""
    sets = len(batch.words)
    return replace(
        batch,
        atr=atr[None],
        atr_of_run=np.zeros(len(batch.set_of_run), np.int64),
        stop_distance=own,
        stop_of_set=rng.integers(-1, 2, sets),
        stop_scale=rng.choice([1.0, 2.5], sets),
    )


def assert_as_the_loop(
    batch: Batch, states: np.ndarray, warm: np.ndarray, window: PriceWindow, settings: np.ndarray
) -> int:
    """Compare all runs with the loop; return how many went through it."""
    ours = Engine(window).simulate(batch, settings, PERIODS)
    for k, place in enumerate(batch.set_of_run.tolist()):
        more, stop = {"atr": batch.atr[0]} if len(batch.atr) else {}, batch.stop_of_set[place]
        if stop >= 0:
            more["stop_distance"] = batch.stop_scale[place] * batch.stop_distance[stop]
        signals = SignalSet(events_of(states[place], int(warm[place])), **more)
        loop = simulate(window, signals, settings[k : k + 1], PERIODS)
        assert ours.status[k] == loop.status[0]
        assert_metrics_equal(ours.metrics[k], loop.metrics[0], f"run {k}")
        assert np.array_equal(ours.metrics[k][COUNTED], loop.metrics[0][COUNTED], equal_nan=True)
        np.testing.assert_allclose(ours.block_sums[k], loop.block_sums[0], rtol=1e-5, atol=1e-13)
        np.testing.assert_allclose(ours.block_sumsqs[k], loop.block_sumsqs[0], rtol=1e-5, atol=1e-13)
    return ours.looped


@pytest.mark.parametrize("seed", range(40))
def test_every_metric_equals_the_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = (1, 2, 3, 17, 64, 65, 150, 400, 1000, 3000)[seed % 10]
    window = window_of(rng, count, coarse=seed % 3 == 0, calm=bool(seed % 2))
    states = states_of(rng, 20, count)
    warm = rng.integers(-5, count + 1, 20) * (rng.random(20) < 0.3)
    atr, own = rng.uniform(0.1, 5, count), rng.uniform(0.1, 8, (2, count))
    if seed % 4 == 0:
        atr[rng.random(count) < 0.05] = np.nan
        own[:, rng.random(count) < 0.05] = np.nan
    batch = with_stops(batch_of(states, warm, 4), atr, own, rng)
    settings = np.concatenate(
        [
            table(PERIODS, **(FREE | {name: rng.choice(values) for name, values in CHOICES.items()}))
            for _ in batch.set_of_run
        ]
    )
    assert_as_the_loop(batch, states, warm, window, settings)


@pytest.mark.parametrize("seed", range(6))
def test_levels_that_many_runs_share_equal_the_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sets, count = 2 * POOL_RUNS, 1_500
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.012, count)))
    close = np.maximum(np.round(close), 1.0) if seed % 3 == 0 else close
    open_ = np.r_[close[0], close[:-1]] * np.exp(rng.normal(0, 0.003 * (seed % 2), count))
    window = PriceWindow(open_, np.maximum(open_, close) * 1.004, np.minimum(open_, close) * 0.996, close)
    states, warm = states_of(rng, sets, count), np.zeros(sets, np.int64)
    batch = batch_of(states, warm, len(SHARED))
    batch = replace(
        batch, atr=rng.uniform(0.5, 3, (1, count)), atr_of_run=np.zeros(sets * len(SHARED), np.int64)
    )
    rows = [table(PERIODS, fee_bps=3.0, slippage_bps=2.0, **more) for more in SHARED]
    settings = np.tile(np.concatenate(rows), (sets, 1))
    pools = pools_of(settings, batch.reads, count)
    assert min(pools.stop_of_run.max(), pools.target_of_run.max(), pools.trailing_of_run.max()) >= 0
    assert assert_as_the_loop(batch, states, warm, window, settings) == 0


def test_every_reason_is_met() -> None:
    """What the tests above compare has all exits that a state may end with."""
    rng = np.random.default_rng(3)
    window = window_of(rng, 1_000, coarse=True, calm=True)
    atr, state, found = np.full(1_000, 1.0), states_of(rng, 20, 1_000), set()
    for more in (*SHARED, {"take_profit": 0.03}):
        for k in range(len(state)):
            signals = SignalSet(
                events_of(state[k], 0), atr=atr, stop_distance=np.full(1_000, 2.0 + 6 * (k % 2))
            )
            found |= set(trace(window, signals, table(PERIODS, **more)[0], PERIODS).trades["exit_reason"])
    assert found == set(EXIT_REASONS) - {"session_end", "ruin"}
