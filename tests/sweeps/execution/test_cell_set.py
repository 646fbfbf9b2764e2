"""Cells that are in, held against a set of Python's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.execution.cell_set import CellSet, decode_cells, encode_cells

FAR = 2**45
cells = st.one_of(
    st.lists(st.integers(0, 3_000), max_size=200),
    st.lists(st.integers(2**19 - 50, 2**19 + 50), max_size=200),
    st.lists(st.integers(0, FAR), max_size=50),
)


def ascending(values: list[int]) -> np.ndarray:
    return np.array(sorted(set(values)), np.int64)


@given(parts=st.lists(cells, max_size=5), asked=cells)
def test_it_holds_what_was_added_and_nothing_else(parts: list[list[int]], asked: list[int]) -> None:
    held, model = CellSet(), set[int]()
    for part in parts:
        held.add(ascending(part))
        model.update(part)
    assert len(held) == len(model)
    questions = ascending([*asked, *(cell for part in parts for cell in part)])
    assert held.holds(questions).tolist() == [cell in model for cell in questions.tolist()]


@pytest.mark.parametrize("step", [1, 3, 40])
def test_many_cells_are_held_as_bits(step: int) -> None:
    held = CellSet()
    for first in (0, step):  # added twice, and once more beside
        held.add(np.arange(first, 2_000_000, step, dtype=np.int64))
    asked = np.arange(0, 2_100_000, dtype=np.int64)
    assert np.array_equal(held.holds(asked), (asked % step == 0) & (asked < 2_000_000))
    assert len(held) == len(range(0, 2_000_000, step))


@given(cells)
def test_text_gives_the_cells_back(values: list[int]) -> None:
    assert decode_cells(encode_cells(ascending(values))).tolist() == ascending(values).tolist()


def test_neighbours_take_little_text() -> None:
    assert len(encode_cells(np.arange(1_000_000, 1_200_000, dtype=np.int64))) < 10_000
    scattered = np.cumsum(np.random.default_rng(1).integers(1, 200, 200_000))
    assert len(encode_cells(scattered)) < 300_000
