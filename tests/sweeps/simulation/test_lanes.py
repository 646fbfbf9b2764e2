"""Eight numbers at once: each lane as NumPy has it, to the last bit."""

from typing import Any

import numba
import numpy as np
import pytest

from sweeps.simulation.hopping.lanes import (
    WIDTH,
    any_of,
    as_floats,
    everywhere,
    floats_at,
    gathered,
    highest_bits,
    in_bits,
    larger,
    neither,
    put,
    smaller,
    where,
    wholes_at,
)

njit: Any = numba.njit


@njit(error_model="numpy")
def _floats(one: Any, other: Any, out: Any) -> int:
    x, y = floats_at(one, 0), floats_at(other, 2)
    results = (x + y, x - 2.5, 3.0 * x, x / y, larger(x, y), smaller(x, y))
    for row in range(len(results)):
        put(out, WIDTH * row, results[row])
    either = (x < y) & neither(x >= 0.5) | (y > 1.0)
    put(out, WIDTH * 6, where(either, x, everywhere(-1.0)))
    return in_bits(either) if any_of(either) else -1


@njit
def _wholes(places: Any, values: Any, out: Any, made: Any) -> None:
    n = wholes_at(places, 0)
    put(made, 0, as_floats(((n + 3) * 2 - n) >> 1))
    put(made, WIDTH, as_floats(highest_bits(n + 1)))
    put(made, 2 * WIDTH, as_floats(everywhere(1) << n))
    put(out, 0, gathered(values, n))
    put(out, WIDTH, where((n > 4) & neither(n > 5) | (0 - n > -1), as_floats(n), everywhere(0.5)))


def test_floats() -> None:
    rng = np.random.default_rng(1)
    one, other, out = rng.normal(0, 1, WIDTH), rng.normal(0, 2, WIDTH + 2), np.zeros(7 * WIDTH)
    bits, x, y = _floats(one, other, out), one, other[2:]
    either = (x < y) & ~(x >= 0.5) | (y > 1.0)
    expected = [x + y, x - 2.5, 3.0 * x, x / y, np.maximum(x, y), np.minimum(x, y), np.where(either, x, -1.0)]
    assert np.array_equal(out.reshape(7, WIDTH), expected)
    assert bits == sum(1 << lane for lane in np.flatnonzero(either).tolist())
    assert _floats(np.full(WIDTH, 2.0), np.zeros(WIDTH + 2), out) == -1


def test_whole_numbers() -> None:
    places = np.array([0, 6, 1, 5, 2, 7, 3, 4])
    values, out, made = np.arange(8.0) ** 2, np.zeros(2 * WIDTH), np.zeros(3 * WIDTH)
    _wholes(places, values, out, made)
    highest = np.floor(np.log2(places + 1))
    assert np.array_equal(made.reshape(3, WIDTH), [((places + 3) * 2 - places) >> 1, highest, 1 << places])
    chosen = (places == 5) | (places == 0)
    assert np.array_equal(out.reshape(2, WIDTH), [values[places], np.where(chosen, places, 0.5)])


def test_what_does_not_lie_side_by_side_is_refused() -> None:
    rows = np.zeros((4 * WIDTH, 2))
    for one, other in ((rows[:, 0], rows[:, 1].copy()), (np.zeros(WIDTH, np.float32), np.zeros(2 * WIDTH))):
        with pytest.raises(numba.TypingError):
            _floats(one, other, np.zeros(7 * WIDTH))
