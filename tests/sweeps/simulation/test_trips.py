"""Runs of a long state, which take a shorter path, against the reference loop: any bars, costs and tile."""

from typing import Any

import numpy as np
import pytest

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.simulation.engine import Batch, Engine, new_words
from sweeps.simulation.hopping.conditions import BYTES, conditions
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.packing import BOTH, KINDS, LONG, LONG_KINDS, SHORT, Unpacked, new_sets
from sweeps.simulation.kernel import METRIC_NAMES, PriceWindow, SignalSet, simulate
from tests.sweeps.simulation.cases import table
from tests.sweeps.simulation.test_engine_equals_loop import assert_metrics_equal
from tests.sweeps.simulation.test_kernel_properties import random_bars

PERIODS = 252.0
COUNTS = (1, 2, 3, 17, 63, 64, 65, 150, 400, 1000, 4000)
"""Of the last, tiles of 64 bars lie in one of the 16 blocks, most of them."""
COSTS = (
    {},
    {"fee_bps": 5.0},
    {"fee_bps": 2000.0, "slippage_bps": 25.0},
    {"fee_bps": 10.0, "risk_free_rate": 0.03},
    {"initial_capital": 1e-3, "slippage_bps": 3.0},
)


def states_of(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return states that turn seldom, often, at every bar and never, shape (sets, bars)."""
    rows = [rng.random(count) < 0.5, np.arange(count) % 2 == 0, np.ones(count), np.zeros(count)]
    rows += [np.cumsum(rng.random(count) < share) % 2 for share in (0.01, 0.1, 0.3)]
    return np.array(rows, dtype=np.bool_)


def batch_of(states: np.ndarray, warm: np.ndarray, runs: int, sides: np.ndarray | None = None) -> Batch:
    """Return ``runs`` runs of each state, packed when they are read; without sides, states are long."""
    sets, bars = states.shape
    kinds, sides = (LONG_KINDS, np.full(sets, LONG)) if sides is None else (KINDS, sides)
    asked = conditions((sets, 1))
    asked.kind[:] = BYTES
    asked.left[:, 0] = address(states) + bars * np.arange(sets)
    unpacked = Unpacked(
        asked,
        new_sets(np.arange(sets), warm, sides),
        np.arange(sets),
        np.zeros(0, np.int64),
    )
    none = np.full(sets * runs, -1)
    of_run = np.repeat(np.arange(sets), runs)
    return Batch(new_words(sets, kinds, bars), of_run, none, none, np.full(sets, -1), unpacked=unpacked)


def events_of(state: np.ndarray, warm: int, side: int = LONG) -> np.ndarray:
    """Return the events of a state, bar by bar."""
    on, off = {
        LONG: (ENTER_LONG, EXIT_LONG), SHORT: (EXIT_SHORT, ENTER_SHORT), BOTH: (ENTER_LONG, ENTER_SHORT)
    }[side]  # fmt: skip
    events, before = np.zeros(len(state), np.uint8), {LONG: False, SHORT: True, BOTH: None}[side]
    for bar in range(max(warm, 0), len(state)):
        if bool(state[bar]) != before:
            before = bool(state[bar])
            events[bar] = on if before else off
    return events


def assert_as_the_loop(
    close: np.ndarray, states: np.ndarray, warm: np.ndarray, tile: int | None, **costs: Any
) -> int:
    """Compare all runs with the loop; return how many went through it."""
    window, rows = PriceWindow(close, close, close, close), table(PERIODS, **costs)
    ours = Engine(window).simulate(
        batch_of(states, warm, 1), np.tile(rows, (len(states), 1)), PERIODS, tile=tile
    )
    counted = [METRIC_NAMES.index(name) for name in ("num_trades", "win_rate", "avg_bars_held")]
    for k, state in enumerate(states):
        loop = simulate(window, SignalSet(events_of(state, int(warm[k]))), rows, PERIODS)
        assert ours.status[k] == loop.status[0]
        assert_metrics_equal(ours.metrics[k], loop.metrics[0], f"set {k}, {costs}, tile {tile}")
        assert np.array_equal(ours.metrics[k][counted], loop.metrics[0][counted], equal_nan=True)
        np.testing.assert_allclose(ours.block_sums[k], loop.block_sums[0], rtol=1e-5, atol=1e-13)
        np.testing.assert_allclose(ours.block_sumsqs[k], loop.block_sumsqs[0], rtol=1e-5, atol=1e-13)
    return ours.looped


@pytest.mark.parametrize("seed", range(40))
def test_every_metric_equals_the_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = COUNTS[seed % len(COUNTS)]
    close = random_bars(rng, count, coarse=bool(seed % 3 == 0))[:, 3]
    if seed % 2:
        close = 100 * (close / 100) ** 0.2
    states = states_of(rng, count)
    warm = rng.integers(-5, count + 1, len(states)) * (rng.random(len(states)) < 0.5)
    looped = sum(
        assert_as_the_loop(np.ascontiguousarray(close), states, warm, tile, **costs)
        for tile in (None, 64, 128)
        for costs in COSTS
    )
    assert looped <= 0.2 * 3 * len(COSTS) * len(states), "trips are compared, not the loop with itself"


def test_trades_are_those_of_the_longer_path_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 5000)))
    states, window = states_of(rng, 5000), PriceWindow(close, close, close, close)
    rows = np.tile(table(PERIODS, fee_bps=5.0), (len(states), 1))
    lazily = batch_of(states, np.zeros(len(states), np.int64), 1)
    ours = Engine(window).simulate(lazily, rows, PERIODS)
    longer = Engine(window).simulate(lazily.packed(5000), rows, PERIODS)
    assert ours.looped == longer.looped == 0
    same = ("total_return", "num_trades", "win_rate", "best_trade", "worst_trade")
    for name in (name for name in METRIC_NAMES if name in same):
        place = METRIC_NAMES.index(name)
        assert np.array_equal(ours.metrics[:, place], longer.metrics[:, place], equal_nan=True), name
    np.testing.assert_allclose(ours.metrics, longer.metrics, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(
    ("close", "costs"),
    [
        (np.r_[np.full(40, 100.0), np.full(40, 1e-9), np.full(40, 50.0)], {}),
        (np.r_[np.full(60, 1e300), np.full(60, 1e308)], {}),
        (np.linspace(1.0, 2.0, 120), {"fee_bps": 10_000.0}),
        (np.linspace(1.0, 2.0, 120), {"fee_bps": 9_999.999}),
        (np.linspace(1.0, 2.0, 120), {"initial_capital": 1e-300}),
        (np.tile([19.99, 20.01], 60), {"fee_bps": 5.0}),
    ],
    ids=["crash", "vast", "all in fees", "nearly all in fees", "tiny capital", "nothing won"],
)
def test_what_is_not_as_usual_is_as_the_loop_has_it(close: np.ndarray, costs: dict[str, float]) -> None:
    states = states_of(np.random.default_rng(0), len(close))
    with np.errstate(all="ignore"):
        for tile in (None, 64):
            assert_as_the_loop(close, states, np.zeros(len(states), np.int64), tile, **costs)


@pytest.mark.parametrize("count", [400, 4000])
def test_a_close_that_nearly_vanishes_is_no_reason_for_the_loop(count: int) -> None:
    rng = np.random.default_rng(4)
    close = 80 * np.exp(np.cumsum(rng.normal(0, 0.4 / np.sqrt(count), count)))
    close[200:] *= np.exp(-np.minimum(np.arange(count - 200), 40) / 3.15)  # to three millionths in 40 bars
    states = np.zeros((3, count), np.bool_)
    states[0], states[1, 10 : count - 1], states[2, 3:5], states[2, 190:230] = True, True, True, True
    for tile in (None, 64):
        assert assert_as_the_loop(close, states, np.zeros(3, np.int64), tile, fee_bps=5.0) == 0
