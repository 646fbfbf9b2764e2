import itertools
import pickle
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sweeps.spec.grid as grid_module
from sweeps.spec.axes import Axis
from sweeps.spec.grid import Grid
from sweeps.spec.where import parse
from tests.sweeps.spec.specimens import FAST, SLOW, bound

axis_sizes = st.lists(st.integers(1, 6), min_size=1, max_size=5)
conditions = st.sampled_from([None, "a < b", "b != 2 and a + b < 6", "a > 100", "b == 'off' or a == 1"])


def grid_of(sizes: list[int], condition: str | None, chosen: list[int] | None = None) -> Grid:
    axes = tuple(
        Axis(
            (name,),
            tuple((None if name == "b" and at == 3 else at,) for at in range(size)),
            "strategy",
            ("int",),
        )
        for name, size in zip("abcde", [*sizes, 1, 1], strict=False)
    )
    predicate = None if condition is None else parse(condition, {"a": "int", "b": "int"})
    return Grid(axes, predicate, None if chosen is None else np.array(chosen, dtype=np.int64))


def brute_force(grid: Grid) -> list[int]:
    cells = itertools.product(*(range(len(axis)) for axis in grid.axes))
    return [
        at
        for at, _ in enumerate(cells)
        if grid.predicate is None
        or grid.predicate.holds(
            {
                name: np.array([np.nan if value is None else value for value in [grid.row(at)[name]]])
                for name in grid.predicate.names
            }
        )[0]
    ]


@given(axis_sizes, conditions)
def test_lazy_enumeration_equals_brute_force(sizes: list[int], condition: str | None) -> None:
    grid = grid_of(sizes, condition)
    expected = brute_force(grid)
    assert grid.survivors(0, grid.raw_size).tolist() == expected
    assert grid.count() == len(expected)
    assert grid.is_empty() == (not expected)


@given(axis_sizes, conditions, st.integers(1, 50), st.integers(1, 40), st.data())
def test_slices_cover_each_survivor_once(
    sizes: list[int], condition: str | None, per_slice: int, chunk: int, data: st.DataObject
) -> None:
    grid = grid_of(sizes, condition)
    runs = brute_force(grid)
    if data.draw(st.booleans()):
        runs = sorted(data.draw(st.sets(st.sampled_from(runs)))) if runs else []
        grid = grid_of(sizes, condition, runs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid_module, "CHUNK_CELLS", chunk)
        slices = list(grid.slices(per_slice))
        assert grid.count() == len(runs)
    found = [grid.survivors(lo, hi).tolist() for lo, hi, _ in slices]
    assert list(itertools.chain.from_iterable(found)) == runs
    assert [n for *_, n in slices] == [len(part) for part in found]
    assert all(n == per_slice for *_, n in slices[:-1])
    assert all(n > 0 for *_, n in slices)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(slices))
    for lo, hi, _ in slices:
        assert grid.within(lo, hi).survivors(lo, hi).tolist() == grid.survivors(lo, hi).tolist()


@given(axis_sizes)
def test_positions_values_and_rows_agree(sizes: list[int]) -> None:
    grid = grid_of(sizes, None)
    indices = np.arange(grid.raw_size)
    expected = list(itertools.product(*(range(len(axis)) for axis in grid.axes)))
    assert grid.positions(indices).tolist() == [list(cell) for cell in expected]
    columns = grid.values(indices)
    for at in (0, grid.raw_size - 1):
        row = grid.row(at)
        assert {k: None if np.isnan(v[at]) else int(v[at]) for k, v in columns.items()} == row


def test_columns_are_floats_with_nan_or_objects() -> None:
    grid = bound(exits={"stop_loss": ["off", 0.1], "session_end": "off"}, grid={"fast": 5})
    columns = grid.values(np.arange(2))
    np.testing.assert_array_equal(columns["stop_loss"], [np.nan, 0.1])
    assert (columns["fast"].dtype, columns["fill"].dtype) == (np.float64, np.object_)
    assert columns["session_end"].tolist() == [None, None]
    assert columns["fill"].tolist() == ["next_open"] * 2


def test_a_cell_outside_the_product_is_refused() -> None:
    grid = bound()
    for index in (-1, 4):
        with pytest.raises(IndexError, match="the grid has 4 cells"):
            grid.row(index)


def test_a_slice_holds_at_least_one_run() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        list(bound().slices(0))


def test_a_grid_pickles_with_its_condition() -> None:
    grid = bound(where="fast * 3 < slow")
    again: Grid = pickle.loads(pickle.dumps(grid))  # noqa: S301
    assert again.survivors(0, 4).tolist() == grid.survivors(0, 4).tolist() == [0, 1, 3]


def measured(work: Any) -> tuple[Any, float, float]:
    tracemalloc.start()
    begun = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - begun
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, seconds, peak_bytes / 1e6


def test_ten_million_cells_are_counted_quickly_in_bounded_memory() -> None:
    wide = {"fast": {"start": 2, "stop": 401, "step": 1}, "slow": {"start": 2, "stop": 401, "step": 1}}
    exits = {"max_bars": {"start": 1, "stop": 63, "step": 1}}
    grid = bound(FAST, SLOW, grid=wide, exits=exits, where="fast < slow and max_bars > 1")
    assert grid.raw_size == 400 * 400 * 63
    count, seconds, peak_mb = measured(grid.count)
    assert count == 400 * 399 // 2 * 62
    assert seconds < 10
    assert peak_mb < 60
    total, seconds, peak_mb = measured(lambda: sum(n for *_, n in grid.slices(5_000)))
    assert total == count
    assert seconds < 15
    assert peak_mb < 60


def test_a_trillion_cells_are_sliced_lazily() -> None:
    grid = grid_of([10**6, 10**6], None)
    assert next(grid.slices(1_000)) == (0, 1_000, 1_000)
    assert grid.count() == 10**12
    filtered = grid_of([10**6, 10**6], "a < b")
    assert next(filtered.slices(10))[2] == 10
    assert not filtered.is_empty()
