"""Plain runs that go side by side: each as if it were alone, whatever stands beside it, and as the loop's."""

import numpy as np
import pytest

from sweeps.simulation.engine import Batch, Engine
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.trips import QUEUE
from sweeps.simulation.kernel import METRIC_NAMES, PriceWindow, SignalSet, simulate
from tests.sweeps.simulation.cases import table
from tests.sweeps.simulation.test_engine_equals_loop import assert_metrics_equal
from tests.sweeps.simulation.test_trips import PERIODS, batch_of, events_of

BARS = 2_000
COUNTED = [METRIC_NAMES.index(name) for name in ("num_trades", "win_rate", "avg_bars_held")]


def many_states(rng: np.random.Generator, sets: int) -> np.ndarray:
    """Return states that turn from nearly never to at every other bar, in no order."""
    shares = rng.permutation(np.geomspace(0.001, 0.5, sets))
    return np.array([np.cumsum(rng.random(BARS) < share) % 2 for share in shares], dtype=np.bool_)


def prices(rng: np.random.Generator, fall: float) -> np.ndarray:
    """Return closes that fall to a share of themselves, in 150 bars, and rise again in as many."""
    down = np.interp(np.arange(BARS), [800, 950, 1_100], [0.0, 1.0, 0.0])
    return 100 * np.exp(np.cumsum(rng.normal(0, 0.01, BARS))) * fall**down


def settings_of(rng: np.random.Generator, runs: int) -> np.ndarray:
    """Return settings of which hardly two are equal."""
    rows = [
        table(PERIODS, fee_bps=fee, slippage_bps=slip, initial_capital=capital)
        for fee, slip, capital in zip(
            rng.choice([0.0, 5.0, 300.0, 9_000.0], runs),
            rng.choice([0.0, 2.0, 50.0], runs),
            rng.choice([1e-3, 1e5, 1e9], runs),
            strict=True,
        )
    ]
    return np.concatenate(rows)


@pytest.mark.parametrize("tile", [None, 64, 192, 1024])
@pytest.mark.parametrize("fall", [1.0, 1e-3, 1e-6, 1e-9])
def test_each_of_many_runs_equals_the_loop(fall: float, tile: int | None) -> None:
    rng = np.random.default_rng(7)
    states, close = many_states(rng, QUEUE // 2 + 3), prices(rng, fall)
    window, warm = PriceWindow(close, close, close, close), rng.integers(0, 70, len(states))
    batch = batch_of(states, warm, 3)
    settings = settings_of(rng, len(batch.set_of_run))
    ours = Engine(window).simulate(batch, settings, PERIODS, tile=tile)
    share = 0.05 if fall == 1.0 else 0.75
    assert ours.looped < share * len(settings), "what goes side by side is compared, not the loop with itself"
    for k, place in enumerate(batch.set_of_run.tolist()):
        signals = SignalSet(events_of(states[place], int(warm[place])))
        loop = simulate(window, signals, settings[k : k + 1], PERIODS)
        assert_metrics_equal(ours.metrics[k], loop.metrics[0], f"run {k}")
        assert np.array_equal(ours.metrics[k][COUNTED], loop.metrics[0][COUNTED], equal_nan=True)
        np.testing.assert_allclose(ours.block_sums[k], loop.block_sums[0], rtol=1e-5, atol=1e-13)
        np.testing.assert_allclose(ours.block_sumsqs[k], loop.block_sumsqs[0], rtol=1e-5, atol=1e-13)


@pytest.mark.parametrize("tile", [None, 128])
@pytest.mark.parametrize("fall", [1.0, 1e-5])
def test_a_run_is_the_same_whatever_stands_beside_it(fall: float, tile: int | None) -> None:
    rng = np.random.default_rng(11)
    states, close = many_states(rng, 60), prices(rng, fall)
    window, warm = PriceWindow(close, close, close, close), np.zeros(60, np.int64)
    settings = settings_of(rng, 60)
    together = Engine(window).simulate(batch_of(states, warm, 1), settings, PERIODS, tile=tile)
    for chosen in (rng.permutation(60), np.arange(5), np.array([17]), np.arange(0, 60, 7)):
        few = np.ascontiguousarray(states[chosen])
        batch: Batch = batch_of(few, warm[chosen], 1)
        assert batch.unpacked.asked.left[0, 0] == address(few)
        apart = Engine(window).simulate(batch, settings[chosen], PERIODS, tile=tile)
        assert np.array_equal(apart.metrics, together.metrics[chosen], equal_nan=True)
        assert np.array_equal(apart.block_sums, together.block_sums[chosen])
        assert apart.looped <= together.looped


@pytest.mark.parametrize("tile", [64, 128])
def test_what_is_taken_again_has_the_orders_that_it_had(tile: int) -> None:
    """A fall in one tile, which is entered at its first bar: what was packed is packed anew."""
    rng = np.random.default_rng(5)
    depth = np.interp(np.arange(BARS), [5 * tile, 5.5 * tile, 6 * tile], [0.0, 1.0, 0.0])
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, BARS))) * 1e-7**depth
    states = np.array([np.cumsum(rng.random(BARS) < 4 / tile) % 2 for _ in range(30)], dtype=np.bool_)
    states[:, 5 * tile - 1] = False
    states[:, [5 * tile, 6 * tile - 1]] = True
    window, warm = PriceWindow(close, close, close, close), np.zeros(len(states), np.int64)
    batch = batch_of(states, warm, 3)
    settings = settings_of(rng, len(batch.set_of_run))
    ours = Engine(window).simulate(batch, settings, PERIODS, tile=tile)
    assert ours.looped < 0.75 * len(settings)
    for k, place in enumerate(batch.set_of_run.tolist()):
        loop = simulate(window, SignalSet(events_of(states[place], 0)), settings[k : k + 1], PERIODS)
        assert np.array_equal(ours.metrics[k][COUNTED], loop.metrics[0][COUNTED], equal_nan=True)


def test_settings_need_not_lie_side_by_side() -> None:
    rng = np.random.default_rng(3)
    states, close = many_states(rng, 20), prices(rng, 1.0)
    window, warm = PriceWindow(close, close, close, close), np.zeros(20, np.int64)
    settings = settings_of(rng, 40)
    straight = Engine(window).simulate(batch_of(states, warm, 1), settings[::2].copy(), PERIODS)
    strided = Engine(window).simulate(batch_of(states, warm, 1), settings[::2], PERIODS)
    assert np.array_equal(straight.metrics, strided.metrics, equal_nan=True)


@pytest.mark.parametrize("fall", [1e-5, 1e-6, 1e-8, 1e-12, 1e-17])
@pytest.mark.parametrize("fee_bps", [0.0, 5.0])
def test_a_position_that_comes_to_nearly_nothing_is_as_in_the_loop(fee_bps: float, fall: float) -> None:
    """Equity is settled money and a loss that is nearly as large: it keeps few digits, or none."""
    close = np.r_[100.0, 101.0, 99.0, 100.0, np.tile([100.0, 101.0, 99.3, 100.7, 102.1, 98.9], 4) * fall]
    state, row = np.ones((1, len(close)), dtype=np.bool_), table(PERIODS, fee_bps=fee_bps)
    window = PriceWindow(close, close, close, close)
    ours = Engine(window).simulate(batch_of(state, np.zeros(1, np.int64), 1), row, PERIODS)
    loop = simulate(window, SignalSet(events_of(state[0], 0)), row, PERIODS)
    assert_metrics_equal(ours.metrics[0], loop.metrics[0], "held throughout")
    assert np.array_equal(ours.metrics[0][COUNTED], loop.metrics[0][COUNTED], equal_nan=True)
    assert ours.looped == 0
