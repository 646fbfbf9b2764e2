from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.spec.errors import ConfigError
from sweeps.spec.grid import Grid
from sweeps.spec.sample import sample
from sweeps.spec.sample_config import SampleConfig
from tests.sweeps.spec.specimens import bound

Method = Literal["random", "sobol", "latin_hypercube"]
METHODS: tuple[Method, ...] = ("random", "sobol", "latin_hypercube")
methods = pytest.mark.parametrize("method", METHODS)


def square(side: int, where: str | None = "fast < slow") -> Grid:
    span = {"start": 2, "stop": side + 1, "step": 1}
    return bound(grid={"fast": span, "slow": span}, where=where)


def runs(grid: Grid) -> list[int]:
    return grid.survivors(0, grid.raw_size).tolist()


@given(st.sampled_from(METHODS), st.integers(2, 12), st.integers(0, 2**32), st.data())
def test_a_sample_is_distinct_survivors_exactly_n_and_reproducible(
    method: Method, side: int, seed: int, data: Any
) -> None:
    grid = square(side)
    n = data.draw(st.integers(1, grid.count()))
    spec = SampleConfig(method=method, n=n, seed=seed)
    chosen = runs(sample(grid, spec))
    assert len(set(chosen)) == n == sample(grid, spec).count()
    assert set(chosen) <= set(runs(grid))
    assert chosen == sorted(chosen) == runs(sample(grid, spec))


@methods
def test_n_may_be_the_whole_grid_and_all_but_one(method: Method) -> None:
    grid = square(60)
    everything = runs(grid)
    whole = sample(grid, SampleConfig(method=method, n=len(everything), seed=1))
    assert runs(whole) == everything
    most = sample(grid, SampleConfig(method=method, n=len(everything) - 1, seed=1))
    assert most.count() == len(everything) - 1


@methods
def test_more_than_the_grid_is_refused_with_the_count(method: Method) -> None:
    for where, count in (("fast < slow", 45), (None, 100)):
        with pytest.raises(ConfigError) as caught:
            sample(square(10, where), SampleConfig(method=method, n=count + 1), source="sweep.toml")
        assert str(caught.value) == (
            f"sweep.toml: sample.n: asks for {count + 1} of {count} runs; "
            f"set n to {count} or less, or remove [sample]"
        )


@methods
def test_every_run_can_be_chosen(method: Method) -> None:
    grid = square(6)
    reached = {
        run for seed in range(60) for run in runs(sample(grid, SampleConfig(method=method, n=3, seed=seed)))
    }
    assert reached == set(runs(grid))


@methods
def test_seeds_differ(method: Method) -> None:
    chosen = [runs(sample(square(50), SampleConfig(method=method, n=20, seed=seed))) for seed in (1, 2)]
    assert chosen[0] != chosen[1]


@methods
def test_rare_survivors_are_found_all_the_same(method: Method) -> None:
    grid = square(400, "fast == 7 and slow > 395")
    chosen = sample(grid, SampleConfig(method=method, n=4, seed=3))
    assert [grid.row(run)["fast"] for run in runs(chosen)] == [7] * 4


def test_quasi_random_samples_are_more_even_than_random_ones() -> None:
    grid = square(256, None)

    def emptiness(method: Method) -> int:
        cells = np.array(runs(sample(grid, SampleConfig(method=method, n=256, seed=5))))
        return 16 * 16 - len(
            set(zip((cells // 256 // 16).tolist(), (cells % 256 // 16).tolist(), strict=True))
        )

    assert emptiness("sobol") < emptiness("random") / 2


def test_a_latin_hypercube_visits_every_value_of_an_axis_once() -> None:
    grid = square(300, None)
    cells = np.array(runs(sample(grid, SampleConfig(method="latin_hypercube", n=300, seed=5))))
    assert sorted((cells // 300).tolist()) == list(range(300))
    assert sorted((cells % 300).tolist()) == list(range(300))


def test_a_sample_is_the_same_on_every_machine() -> None:
    chosen = runs(sample(square(20), SampleConfig(method="random", n=4, seed=7)))
    assert chosen == [16, 108, 137, 257]
