"""Rows that are compared rounded first give the same orders: ties and what float32 cannot hold included."""

import gc

import numpy as np
import pytest

from sweeps.simulation.hopping.conditions import ROWS, address, conditions
from sweeps.simulation.hopping.packing import pack_conditions, words_of
from sweeps.strategies.near import NearRows


def hard_rows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows that float32 often cannot tell apart, with gaps, infinities, huge and tiny values."""
    rng = np.random.default_rng(seed)
    left = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    right = left * (1 + rng.choice([0.0, 1e-16, 1e-12, -1e-12, 1e-9, -1e-9, 1e-3, -1e-3], count))
    for row in (left, right):
        at = rng.random(count)
        row[at < 0.05] = np.nan
        row[(at > 0.05) & (at < 0.08)] = np.inf
        row[(at > 0.1) & (at < 0.2)] *= 1e300
        row[(at > 0.2) & (at < 0.3)] *= 1e-300
        row[(at > 0.3) & (at < 0.4)] *= -1.0
    return left, right


@pytest.mark.parametrize("count", [1, 64, 130, 1000])
@pytest.mark.parametrize("start", [0, 1, 37])
@pytest.mark.parametrize("seed", range(6))
def test_rounded_rows_compare_as_the_rows_do(seed: int, start: int, count: int) -> None:
    left, right = hard_rows(seed, count + start)
    near, asked = NearRows(start), conditions((2,))
    asked.kind[:] = ROWS
    asked.left[:], asked.right[:] = address(left) + 8 * start, address(right) + 8 * start
    rounded = near.of(left), near.of(right)
    asked.left_near[1], asked.right_near[1] = (address(row) + 4 * start for row in rounded)
    bits = np.empty((2, words_of(count)), np.uint64)
    pack_conditions(asked, count, bits)
    np.testing.assert_array_equal(bits[1], bits[0])
    held = np.unpackbits(bits[1].view(np.uint8), bitorder="little", count=count).astype(bool)
    np.testing.assert_array_equal(held, left[start:] > right[start:])


def test_a_rounded_row_lives_as_long_as_its_row() -> None:
    near, row = NearRows(3), np.arange(100.0)
    first = near.of(row)
    assert near.of(row) is first
    assert (address(first) + 4 * 3) % 64 == 0
    del row
    gc.collect()
    assert not near._kept
