"""Blocks abreast: means of four blocks at a time are those of one after the other, to the last bit."""

import numpy as np
import pytest

from sweeps.strategies.abreast import LANES, NEAR
from sweeps.strategies.windows import rolling_mean

PERIODS = (1, 2, 3, 4, 5, 6, 7, 8, 31, NEAR, NEAR + 1, 243)


def one_block_after_the_other(values: list[float], period: int) -> list[float]:
    """Return the means by the definition: what stands behind in the block before, and the sum up to here."""
    means, tails = [], [0.0] * period
    for block in range(0, len(values), period):
        part, ahead = values[block : block + period], 0.0
        for offset, value in enumerate(part):
            ahead += value
            means.append((tails[offset] + ahead) / period if block + offset >= period - 1 else np.nan)
        behind = 0.0
        for offset in range(len(part) - 1, -1, -1):
            tails[offset] = behind
            behind += part[offset]
    equal = 0
    for bar, value in enumerate(values):
        equal = equal + 1 if bar and value == values[bar - 1] else 1
        if equal >= period:
            means[bar] = value
    return means


def sizes(period: int) -> set[int]:
    """Return lengths around whole blocks, and around one and two times as many as are summed at once."""
    blocks = (0, 1, 2, LANES, LANES + 1, LANES + 2, 2 * LANES + 1)
    return {max(count * period + more, 0) for count in blocks for more in (-1, 0, 1, period // 2)}


def assert_the_same(values: np.ndarray, period: int) -> None:
    made, expected = (
        rolling_mean(values, period),
        np.array(one_block_after_the_other(values.tolist(), period)),
    )
    np.testing.assert_array_equal(made, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(made[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("period", PERIODS)
def test_blocks_abreast_have_the_means_of_one_after_the_other(period: int) -> None:
    rng = np.random.default_rng(period)
    for size in sizes(period):
        values = rng.normal(0.0, 1.0, size) * 10.0 ** rng.integers(-9, 9, size)
        assert_the_same(values, period)
        values[rng.random(size) < 0.01] = np.nan
        assert_the_same(values, period)
        values[rng.random(size) < 0.003] = np.inf
        assert_the_same(values, period)


@pytest.mark.parametrize("period", PERIODS)
def test_flat_windows_are_found_wherever_they_are(period: int) -> None:
    rng = np.random.default_rng(period)
    for chance in (0.02, 0.3, 0.7):
        values = np.repeat(rng.choice([0.1, 0.7, -0.1, 0.0, np.nan], 60), rng.geometric(chance, 60))
        assert_the_same(values * rng.choice([-1.0, 1.0], len(values)) ** (values == 0.0), period)
    for length in (period - 1, period, period + 1, 3 * period):
        for start in range(min(2 * period + 2, 40)):
            values = rng.normal(100.0, 1.0, start + length + 2 * period)
            values[start : start + length] = 0.1
            assert_the_same(values, period)


@pytest.mark.parametrize("period", PERIODS)
def test_nothing_beside_a_row_is_written(period: int) -> None:
    for size in sizes(period):
        room = np.full(size + 4 * period, 7777.0)
        row = room[2 * period : 2 * period + size]
        rolling_mean.__wrapped__(np.arange(size, dtype=np.float64), period, row)
        assert (room[: 2 * period] == 7777.0).all()
        assert (room[2 * period + size :] == 7777.0).all()
        assert not (row == 7777.0).any()


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_numbers_of_another_kind_or_with_gaps_have_the_same_means(kind: type[np.generic]) -> None:
    values = np.arange(400).astype(kind)[::-3]
    np.testing.assert_array_equal(rolling_mean(values, 7), rolling_mean(values.astype(np.float64), 7))


def test_a_kernel_refuses_what_it_would_misread() -> None:
    with pytest.raises(Exception, match="expected float64 numbers side by side"):
        rolling_mean.__wrapped__(np.arange(400.0)[::2], 7, np.empty(200))
