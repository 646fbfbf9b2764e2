"""States that are short, or long or short, eight runs side by side: each as in the loop."""

from dataclasses import replace

import numpy as np
import pytest

from sweeps.simulation.engine import Batch, Engine
from sweeps.simulation.hopping.packing import BOTH, LONG, SHORT
from sweeps.simulation.hopping.trips import QUEUE
from sweeps.simulation.kernel import METRIC_NAMES, PriceWindow, SignalSet, simulate
from tests.sweeps.simulation.cases import FREE, OFF, table
from tests.sweeps.simulation.test_engine_equals_loop import assert_metrics_equal
from tests.sweeps.simulation.test_kernel_properties import random_bars
from tests.sweeps.simulation.test_trips import COUNTS, PERIODS, batch_of, events_of
from tests.sweeps.simulation.test_watching import states_of

COUNTED = [METRIC_NAMES.index(name) for name in ("num_trades", "win_rate", "avg_bars_held")]
SIDES = (LONG, SHORT, BOTH)
COSTS = {
    "fee_bps": (0.0, 5.0, 300.0),
    "slippage_bps": (0.0, 25.0),
    "initial_capital": (1e-3, 1e5),
    "risk_free_rate": (0.03,),
}
EXITS = {
    "stop_loss": (OFF, OFF, 0.02, 0.2),
    "take_profit": (OFF, OFF, 0.03, 0.5),
    "trailing_stop": (OFF, OFF, 0.02, 0.2),
    "max_bars": (OFF, OFF, 1.0, 9.0),
    "borrow_rate": (0.0, 0.0, 0.02),
}


def settings_of(rng: np.random.Generator, runs: int, choices: dict[str, tuple[float, ...]]) -> np.ndarray:
    picked = ({name: rng.choice(values) for name, values in choices.items()} for _ in range(runs))
    return np.concatenate([table(PERIODS, **(FREE | one)) for one in picked])


def assert_as_the_loop(
    batch: Batch, states: np.ndarray, window: PriceWindow, settings: np.ndarray, tile: int | None
) -> int:
    """Compare all runs with the loop; return how many went through it."""
    sets = batch.unpacked.sets
    ours = Engine(window).simulate(batch, settings, PERIODS, tile=tile)
    for k, place in enumerate(batch.set_of_run.tolist()):
        events = events_of(states[place], int(sets.warm[place]), int(sets.side[place]))
        loop = simulate(window, SignalSet(events), settings[k : k + 1], PERIODS)
        assert ours.status[k] == loop.status[0]
        assert_metrics_equal(ours.metrics[k], loop.metrics[0], f"run {k}")
        assert np.array_equal(ours.metrics[k][COUNTED], loop.metrics[0][COUNTED], equal_nan=True)
        np.testing.assert_allclose(ours.block_sums[k], loop.block_sums[0], rtol=1e-5, atol=1e-13)
        np.testing.assert_allclose(ours.block_sumsqs[k], loop.block_sumsqs[0], rtol=1e-5, atol=1e-13)
    return ours.looped


@pytest.mark.parametrize("exits", [{}, EXITS], ids=["orders alone", "exits"])
@pytest.mark.parametrize("seed", range(33))
def test_every_metric_equals_the_loop(seed: int, exits: dict[str, tuple[float, ...]]) -> None:
    rng = np.random.default_rng(seed)
    count, sets = COUNTS[seed % len(COUNTS)], 24
    bars = random_bars(rng, count, coarse=seed % 3 == 0)
    if seed % 4:  # calm enough for shorts to live
        bars = 100 * (bars / 100) ** 0.1
        bars[:, 1], bars[:, 2] = bars.max(axis=1), bars.min(axis=1)
    window = PriceWindow(*np.ascontiguousarray(bars.T))
    states = states_of(rng, sets, count)
    warm = rng.integers(-5, count + 1, sets) * (rng.random(sets) < 0.3)
    batch = batch_of(states, warm, 2, rng.choice(SIDES, sets) if seed % 2 else np.full(sets, BOTH))
    settings = settings_of(rng, 2 * sets, COSTS | exits)
    looped = sum(
        assert_as_the_loop(batch, states, window, settings, tile)
        for tile in (None, (64, 128, 1024)[seed % 3])
    )
    assert looped <= 0.3 * 2 * len(settings), "what goes side by side is compared, not the loop with itself"


@pytest.mark.parametrize("tile", [None, 64, 1024])
@pytest.mark.parametrize("rise", [1.0, 1.9, 2.5, 40.0])
def test_shorts_that_a_rise_ruins_are_as_in_the_loop(rise: float, tile: int | None) -> None:
    rng = np.random.default_rng(7)
    up = np.interp(np.arange(2_000), [800, 950, 1_100], [0.0, 1.0, 0.0])
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.003, 2_000))) * rise**up
    states, window = states_of(rng, QUEUE // 2 + 3, 2_000), PriceWindow(close, close, close, close)
    batch = batch_of(states, np.zeros(len(states), np.int64), 2, rng.choice(SIDES, len(states)))
    assert_as_the_loop(batch, states, window, settings_of(rng, 2 * len(states), COSTS), tile)


def test_a_run_is_the_same_whatever_stands_beside_it() -> None:
    rng = np.random.default_rng(11)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, 2_000)))
    window, states, sides = (
        PriceWindow(close, close, close, close),
        states_of(rng, 60, 2_000),
        rng.choice(SIDES, 60),
    )
    settings, warm = settings_of(rng, 60, COSTS), np.zeros(60, np.int64)
    together = Engine(window).simulate(batch_of(states, warm, 1, sides), settings, PERIODS)
    for chosen in (rng.permutation(60), np.arange(5), np.array([17]), np.arange(0, 60, 7)):
        few = np.ascontiguousarray(states[chosen])
        apart = Engine(window).simulate(
            batch_of(few, warm[chosen], 1, sides[chosen]), settings[chosen], PERIODS
        )
        assert np.array_equal(apart.metrics, together.metrics[chosen], equal_nan=True)
        assert np.array_equal(apart.block_sums, together.block_sums[chosen])


def test_trades_are_those_of_the_longer_path_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, 5_000)))
    states, window = states_of(rng, 40, 5_000), PriceWindow(close, close, close, close)
    batch = batch_of(states, np.zeros(40, np.int64), 1, rng.choice(SIDES, 40))
    rows = np.tile(table(PERIODS, fee_bps=5.0, slippage_bps=2.0), (40, 1))
    ours, longer = (Engine(window).simulate(one, rows, PERIODS) for one in (batch, batch.packed(5_000)))
    assert ours.looped == longer.looped == 0
    for name in ("total_return", "num_trades", "win_rate", "best_trade", "worst_trade"):
        place = METRIC_NAMES.index(name)
        assert np.array_equal(ours.metrics[:, place], longer.metrics[:, place], equal_nan=True), name
    np.testing.assert_allclose(ours.metrics, longer.metrics, rtol=1e-10, atol=1e-13)


def test_stops_beside_both_sides_in_one_batch() -> None:
    """A run without a stop goes from side to side beside runs whose trips are watched."""
    rng = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, 1_500)))
    window = PriceWindow(close, close * 1.002, close * 0.998, close)
    states, sides = states_of(rng, 45, 1_500), np.repeat(SIDES, 15)
    batch = batch_of(states, np.zeros(45, np.int64), 3, sides)
    rows = [
        table(PERIODS, slippage_bps=2.0),
        table(PERIODS, stop_loss=0.01, take_profit=0.02, slippage_bps=2.0),
    ]
    settings = np.tile(np.concatenate([*rows, rows[0]]), (45, 1))
    assert assert_as_the_loop(replace(batch), states, window, settings, None) == 0
