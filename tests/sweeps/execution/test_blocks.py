from itertools import islice
from math import ceil
from typing import Any

import numpy as np
import pytest

from sweeps.execution.blocks import FIRST_RUNS, MOST_RUNS, BlockCutter, most_detailed, without_sample
from sweeps.execution.context import Place
from sweeps.spec.binding import bind
from sweeps.spec.config import parse_config
from sweeps.spec.grid import Grid
from sweeps.spec.sample import sample
from sweeps.strategies.registry import resolve


def grid_of(**changes: Any) -> Grid:
    document = {
        "name": "blocks",
        "strategy": "sma_cross",
        "symbols": ["A", "B"],
        "timeframe": "1d",
        "grid": {"fast": {"start": 1, "stop": 60, "step": 1}, "slow": {"start": 1, "stop": 60, "step": 1}},
        **changes,
    }
    config = parse_config(document, "test")
    grid = bind(config, resolve("sma_cross", None).parameters)  # type: ignore[arg-type]
    return sample(grid, config.sample) if config.sample else grid


GRIDS = {
    "whole": {},
    "where": {"where": "fast < slow"},
    "sample": {"where": "fast < slow", "sample": {"method": "sobol", "n": 500, "seed": 1}},
}


@pytest.mark.parametrize("name", GRIDS)
def test_every_run_of_every_symbol_is_in_one_block(name: str) -> None:
    grid = grid_of(**GRIDS[name])
    expected = grid.survivors(0, grid.raw_size)
    places = [Place("A"), Place("A", 2), Place("B")]
    cutter = BlockCutter(grid, places)
    for place in places:
        blocks = [block for block in cutter if block.place == place]
        found = np.concatenate([block.indices(without_sample(grid)) for block in blocks])
        assert np.array_equal(found, expected)
        assert [block.runs for block in blocks] == [
            len(block.indices(without_sample(grid))) for block in blocks
        ]


def test_blocks_grow_to_a_second_by_sixteen_at_most_and_shrink_at_once() -> None:
    steps = {"start": 1, "stop": 300, "step": 1}
    cutter = BlockCutter(grid_of(grid={"fast": steps, "slow": steps}), [Place("A")])
    blocks = iter(cutter)
    assert next(blocks).runs == FIRST_RUNS
    cutter.learn(FIRST_RUNS, 0.001)
    assert next(blocks).runs == 16 * FIRST_RUNS
    cutter.learn(16 * FIRST_RUNS, 0.015)
    assert next(blocks).runs == 16 * 16 * FIRST_RUNS
    cutter.learn(16 * FIRST_RUNS, 512.0)
    assert next(blocks).runs == 1
    cutter.learn(1, 99.0)
    assert next(blocks).runs == 1


def test_what_a_small_block_takes_by_itself_changes_little() -> None:
    steps = {"start": 1, "stop": 300, "step": 1}
    cutter = BlockCutter(grid_of(grid={"fast": steps, "slow": steps}), [Place("A")])
    blocks = iter(cutter)
    for _ in range(20):
        cutter.learn(10_000, 1.0)
    assert next(blocks).runs == 10_000
    cutter.learn(10, 0.02)  # 500 runs a second: nearly all of it is the block's own time
    assert 9_000 < next(blocks).runs < 10_000


def sizes_at(threads: int, second: float, runs: int = 59 * 59) -> list[int]:
    steps = {"start": 1, "stop": 59, "step": 1}
    grid = grid_of(grid={"fast": steps, "slow": steps})
    cutter = BlockCutter(grid, [Place("A")], limit=runs, left=runs, threads=lambda: threads)
    found = []
    for block in cutter:
        found.append(block.runs)
        cutter.learn(block.runs, block.runs * second)
    assert sum(found) == runs
    return found


def test_the_last_blocks_are_small_so_that_all_threads_end_together() -> None:
    sizes = sizes_at(threads=4, second=0.01)
    assert max(sizes) == 100
    assert sizes[-3:] == [10, 10, 1]
    tail = sizes[sizes.index(100) + sizes.count(100) :]
    assert all(size <= max(10, ceil(sum(tail[at:]) / 8)) for at, size in enumerate(tail))
    assert set(sizes_at(threads=4, second=1.0, runs=50)) <= {4, 1}
    assert sizes_at(threads=4, second=1.0, runs=50).count(4) == 1  # no other was cut before it was measured


def test_what_is_left_is_cut_also_where_it_was_thought_to_be_less() -> None:
    grid = grid_of()
    blocks = list(BlockCutter(grid, [Place("A")], left=10, threads=lambda: 4))
    assert sum(block.runs for block in blocks) == len(grid.survivors(0, grid.raw_size))


def test_a_sweep_of_few_runs_is_spread_over_all_threads() -> None:
    assert max(sizes_at(threads=16, second=0.05, runs=64)) == 2


def test_blocks_that_store_equity_are_bounded_by_its_rows() -> None:
    assert most_detailed(100) == 10_000
    assert most_detailed(5_000_000) == 1
    cutter = BlockCutter(grid_of(), [Place("A")], most_detailed(50_000))
    cutter.learn(4, 0.0001)
    assert next(iter(cutter)).runs == 20
    assert next(iter(BlockCutter(grid_of(), [Place("A")], most_detailed(500_000)))).runs == 2


def test_blocks_are_cut_only_as_they_are_asked_for() -> None:
    steps = {"start": 1, "stop": 20_000, "step": 1}
    grid = grid_of(grid={"fast": steps, "slow": steps}, exits={"max_bars": steps})
    assert grid.raw_size == 20_000**3
    blocks = list(islice(BlockCutter(grid, [Place("A")]), 3))
    assert [block.lo for block in blocks] == [0, FIRST_RUNS, 2 * FIRST_RUNS]
    assert grid.raw_size > MOST_RUNS
