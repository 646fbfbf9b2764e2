"""Dominance: what is chosen beside what a blind draw gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from queries.luck import dominance as module
from queries.luck.dominance import Drawn, dominance
from tests.queries.luck.test_cscv import dominance_by_hand


@pytest.mark.parametrize(
    ("chosen", "others", "order"),
    [
        ([2, 4], [[1, 2], [3, 4]], 1),
        ([2, 3], [[0, 2], [3, 5]], 2),  # no better than the best, but never as bad
        ([3, 3], [[0, 2], [4, 6]], 2),
        ([0, 2], [[0, 0], [1, 3]], 2),  # the same in the mean, and less of a gamble
        ([2, 2], [[0, 2], [4, 6]], None),  # safe, and worth less
        ([0, 9], [[1, 1], [1, 1]], None),  # worth more, and at times worse
        ([1, 1], [[1, 1], [1, 1]], None),  # the same
        ([0, 0], [[0, 1], [1, 2]], None),
    ],
)
def test_orders_by_hand(chosen: list[float], others: list[list[float]], order: int | None) -> None:
    assert dominance(np.array(chosen, np.float64), np.array(others, np.float64)) == order


@given(
    arrays(np.float64, (6, 4), elements=st.integers(-3, 3).map(float)),
    arrays(np.int64, 6, elements=st.integers(0, 3)),
)
def test_quantiles_tell_what_the_definitions_do(others: np.ndarray, places: np.ndarray) -> None:
    chosen = others[np.arange(6), places]
    assert dominance(chosen, others) == dominance_by_hand(chosen, others)


def test_the_runs_of_the_lowest_keys_are_drawn_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RUNS", 5)
    keys = np.random.default_rng(1).permutation(40).astype(np.uint64)
    blocks = np.repeat(keys[:, None], 16, axis=1).astype(np.float32)
    drawn = Drawn()
    for start in range(0, 40, 7):
        some = slice(start, start + 7)
        drawn.add(keys[some], blocks[some], -blocks[some])
    assert drawn.keys.tolist() == [0, 1, 2, 3, 4]
    assert (drawn.sums[:, 3] == drawn.keys).all()
    assert (drawn.squares == -drawn.sums).all()
