"""Bars on which sums and differences lose their digits: the engine has the loop's, or leaves it the run."""

from typing import Any

import numpy as np
import pytest

from sweeps.simulation.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT
from sweeps.simulation.engine import Batch, Engine, new_words
from sweeps.simulation.hopping.packing import pack_events
from sweeps.simulation.kernel import PriceWindow, SignalSet, simulate
from tests.sweeps.simulation.cases import table
from tests.sweeps.simulation.test_engine_equals_loop import assert_metrics_equal
from tests.sweeps.simulation.test_trips import PERIODS, assert_as_the_loop, events_of


def assert_events_as_the_loop(close: np.ndarray, events: np.ndarray, **settings: Any) -> int:
    """Compare a run of event codes; return whether it went through the loop."""
    window, words, none = PriceWindow(close, close, close, close), new_words(1, 4, len(close)), np.full(1, -1)
    pack_events(events, words[0])
    row = table(PERIODS, **settings)
    ours = Engine(window).simulate(Batch(words, np.zeros(1, np.int64), none, none, none), row, PERIODS)
    loop = simulate(window, SignalSet(events), row, PERIODS)
    assert_metrics_equal(ours.metrics[0], loop.metrics[0], str(settings))
    return ours.looped


def bouncing(rng: np.random.Generator, count: int, price: float) -> np.ndarray:
    """Return a close that bounces by a cent, after 300 bars at half the price."""
    close = np.round(price + 0.01 * (rng.random(count) < 0.5), 2)
    close[:300] = np.round(price / 2 + 0.01 * (rng.random(300) < 0.5), 2)
    return close


@pytest.mark.parametrize("seed", range(12))
def test_returns_that_come_again_and_again(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3000, 15_000))
    states = np.zeros((2, count), np.bool_)
    states[0, 310:], states[1, 310:] = True, (np.cumsum(rng.random(count) < 0.01) % 2)[310:]
    close = bouncing(rng, count, round(float(rng.uniform(0.6, 2.5)), 2))
    assert_as_the_loop(close, states, np.zeros(2, np.int64), None, fee_bps=1.0)


def test_a_price_that_falls_to_little_of_what_it_was() -> None:
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 2000)))
    close[500:] /= 1e8
    longs = events_of((np.arange(2000) % 50 < 30) & (np.arange(2000) > 505), 0)
    shorts = np.where(longs == ENTER_LONG, ENTER_SHORT, np.where(longs == EXIT_LONG, EXIT_SHORT, 0))
    assert assert_events_as_the_loop(close, longs, sizing_kind="fraction", sizing_value=0.5) == 0
    assert_events_as_the_loop(close, shorts.astype(np.uint8))
    held = np.exp(np.cumsum(rng.normal(0, 0.01, 400)))
    held[:64], held[80] = 1e10, 1e-6
    state = np.zeros((1, 400), np.bool_)
    state[0, 70:396] = True
    assert_as_the_loop(held, state, np.zeros(1, np.int64), None, fee_bps=5.0)


@pytest.mark.parametrize("price", [21.2, 13.37, 10.07, 29.99])
def test_a_short_that_loses_all_but_rounding(price: float) -> None:
    close = np.full(60, price)
    close[20:] = np.where(np.arange(40) % 2, 2 * price * 0.992, 2 * price)
    events = np.zeros(60, np.uint8)
    events[5] = ENTER_SHORT
    for fee in (0.0, 1.0, 5.0):
        assert_events_as_the_loop(close, events, fee_bps=fee, initial_capital=1e5)


def test_a_run_that_gains_vastly_and_gives_it_back() -> None:
    returns = np.random.default_rng(0).normal(0, 0.02, (2, 6000))
    for row in returns:
        following, half = np.r_[row[1:], 0.0], np.arange(6000) < 3000
        state = np.where(half, following > 0, following < 0)[None]
        close = 100 * np.exp(np.cumsum(row))
        assert_as_the_loop(close, state, np.zeros(1, np.int64), None, initial_capital=1e5)


@pytest.mark.parametrize("dip", [1e-6, 1e-7, 1e-8])
def test_a_loss_of_hardly_a_digit(dip: float) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        returns = rng.uniform(0, 2e-4, 400)
        returns[rng.integers(50, 350)] = -dip
        state = np.zeros((1, 400), np.bool_)
        state[0, 5:] = True
        assert_as_the_loop(600_000 * np.cumprod(1 + returns), state, np.zeros(1, np.int64), None)


@pytest.mark.parametrize("times", [1e2, 1e3, 1e4, 1e5, 1e7])
@pytest.mark.parametrize("tile", [None, 64])
def test_blocks_after_a_bar_that_is_worth_more_than_all_others(times: float, tile: int | None) -> None:
    for seed, spread in enumerate((1e-4, 1e-3, 1e-2)):
        close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, spread, 4000)))
        close[2000] *= times
        states = np.ones((2, 4000), np.bool_)
        states[1] = np.arange(4000) % 100 < 60
        assert_as_the_loop(close, states, np.zeros(2, np.int64), tile, fee_bps=5.0)


def test_small_losses_beside_huge_gains_are_not_lost() -> None:
    close = 100 + 0.01 * (np.arange(200) % 3)
    close[100:] *= 1e30
    assert_as_the_loop(close, np.ones((1, 200), np.bool_), np.zeros(1, np.int64), None)
    state = (np.arange(200) % 2 < 1)[None, :]  # marked bar by bar
    assert_as_the_loop(close, np.ascontiguousarray(state), np.zeros(1, np.int64), None)
