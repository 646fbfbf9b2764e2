"""Rows that are cut and compared give the orders of the rows: equal values, gaps and spikes included."""

from typing import Any

import numba
import numpy as np
import pytest

from sweeps.simulation.hopping.coarse import Coarse, coarse_of, cut_rows, cut_tile
from sweeps.simulation.hopping.conditions import ABOVE, NEVER, ROWS, Conditions, conditions
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.packing import (
    BOTH,
    KINDS,
    LONG,
    LONG_KINDS,
    SHORT,
    Sets,
    new_sets,
    orders_of_set,
    pack_orders,
    words_of,
)

njit: Any = numba.njit


def hard_rows(seed: int, count: int) -> np.ndarray:
    """Return rows of which many values are equal once they are cut, with gaps; some of them huge or tiny."""
    rng = np.random.default_rng(seed)
    one = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    rows = np.tile(one, (3, 1))
    rows *= 1 + rng.choice([0.0, 1e-16, -1e-12, 1e-9, -1e-6, 1e-5, -1e-4, 1e-3], rows.shape)
    for row in rows:
        row[rng.random(count) < 0.01] *= 3.0
    rows[seed % 3, rng.random(count) < 0.005] = np.nan
    rows[(seed + 1) % 3, : int(rng.integers(0, 90))] = np.nan
    if seed % 4 == 3:
        for row in rows:
            at = rng.random(count)
            row[at < 0.03] = np.inf
            row[(at > 0.1) & (at < 0.2)] *= 1e300
            row[(at > 0.2) & (at < 0.3)] *= 1e-300
            row[(at > 0.3) & (at < 0.4)] *= -1.0
    return rows


@njit(error_model="numpy", _nrt=False)
def in_tiles(asked: Conditions, sets: Sets, coarse: Coarse, tile: int, bars: int, words: np.ndarray) -> None:
    """Pack all orders as the engine does, tile by tile."""
    for base in range(0, bars, tile):
        end = min(base + tile, bars)
        cut_tile(coarse, base, end)
        first, last = base >> 6, (end + 63) >> 6
        for k in range(len(words)):
            orders_of_set(asked, sets, k, cut_rows(coarse, base), first, last, bars, words[k], 0)


def sets_of(sides: list[int], warm: list[int]) -> Sets:
    """Return sets whose words are in their order."""
    count = len(sides)
    return new_sets(np.arange(count), np.array(warm), np.array(sides))


def assert_the_same_orders(
    rows: np.ndarray, start: int, asked: Conditions, sides: list[int], kinds: int, tile: int
) -> None:
    count, at = rows.shape[1] - start, [address(row) + 8 * start for row in rows]
    warm = [min((0, 64, 37, 128, -64, -5)[k % 6], count + 1) for k in range(len(sides))]
    plain, cut = (np.full((len(sides), kinds, words_of(count)), 7, np.uint64) for _ in range(2))
    pack_orders(asked, sets_of(sides, warm), count, plain)
    in_tiles(asked, sets_of(sides, warm), coarse_of(np.array(at), tile), tile, count, cut)
    np.testing.assert_array_equal(cut, plain)


@pytest.mark.parametrize("count", [1, 63, 64, 130, 1000])
@pytest.mark.parametrize("start", [0, 1, 37])
@pytest.mark.parametrize("seed", range(8))
def test_cut_rows_give_the_orders_of_the_rows(seed: int, start: int, count: int) -> None:
    rows = hard_rows(seed, count + start)
    at = [address(row) + 8 * start for row in rows]
    pairs = [(left, right) for left in range(3) for right in range(3) if left != right]
    for side in (LONG, SHORT, BOTH):
        asked = conditions((len(pairs), 1))
        asked.kind[:] = ROWS
        for k, (left, right) in enumerate(pairs):
            asked.left[k], asked.right[k] = at[left], at[right]
            asked.left_coarse[k], asked.right_coarse[k] = left + 1, right + 1
        for tile in (64, 192, count + 5):
            kinds = LONG_KINDS if side == LONG else KINDS
            assert_the_same_orders(rows, start, asked, [side] * len(pairs), kinds, tile)


@pytest.mark.parametrize("seed", range(8))
def test_entries_and_exits_of_cut_rows_are_those_of_the_rows(seed: int) -> None:
    rows = hard_rows(seed, 500)
    at = [address(row) for row in rows]
    asked = conditions((1, KINDS))
    asked.kind[0] = [ROWS, ROWS, ABOVE, NEVER]
    asked.left[0], asked.right[0] = [at[0], at[1], at[2], 0], [at[1], at[2], 0, 0]
    asked.left_coarse[0], asked.right_coarse[0] = [1, 2, 0, 3], [2, 3, 0, 1]  # what never holds, too
    asked.value[0, 2] = 100.0
    for tile in (64, 192, 505):
        assert_the_same_orders(rows, 0, asked, [BOTH], KINDS, tile)
        assert_the_same_orders(rows, 0, asked, [LONG], LONG_KINDS, tile)


@pytest.mark.parametrize("tile", [64, 128, 256])
def test_words_in_which_nothing_ties_are_compared_by_cut_values_alone(tile: int) -> None:
    rows, asked = np.array([np.linspace(1.0, 2.0, 256), np.linspace(2.0, 1.0, 256)]), conditions((1, 1))
    at = [address(row) for row in rows]
    asked.kind[:], asked.left[:], asked.right[:] = ROWS, at[0], at[1]
    asked.left_coarse[:], asked.right_coarse[:] = 1, 2
    coarse = coarse_of(np.array(at[::-1]), tile)  # the wrong way round
    words = np.empty((1, LONG_KINDS, 4), np.uint64)
    in_tiles(asked, sets_of([LONG], [0]), coarse, tile, 256, words)
    assert words[0].tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]], "what is cut was read"


def test_a_gap_stands_back_until_it_is_over_and_hides_where_no_bar_is_known() -> None:
    one, other = np.linspace(1.0, 2.0, 256), np.linspace(1.5, 1.4, 256)
    other[70] = np.nan
    coarse = coarse_of(np.array([address(one), address(other)]), 128)
    cut_tile_of(coarse, 0, 128)
    assert coarse.gaps.tolist() == [0, 71]
    cut_tile_of(coarse, 128, 256)
    assert coarse.gaps.tolist() == [0, 0]
    other[128:] = np.inf
    cut_tile_of(coarse, 128, 256)
    assert coarse.gaps.tolist() == [256, 256], "nothing is cut where the range has no end"


@njit(error_model="numpy", _nrt=False)
def cut_tile_of(coarse: Coarse, base: int, end: int) -> None:
    cut_tile(coarse, base, end)
