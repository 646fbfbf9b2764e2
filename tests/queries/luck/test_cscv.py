"""CSCV: equal to doing it by hand, split by split, on sums that are exact."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from lake.columns import BLOCKS as BLOCK_LIST
from queries.luck.cscv import Runs, overfitting
from queries.luck.halves import PAIRS, bars_of

HALVES = list(combinations(range(16), 8))


def stream(sums: Any, squares: Any, keys: Any = None, size: int = 3) -> Runs:
    """Runs in batches of a size."""
    count = len(sums)
    table = pa.table(
        {
            "setting_hash": pa.array(range(count) if keys is None else keys, pa.uint64()),
            "block_sums": pa.array(np.asarray(sums, np.float32).tolist(), BLOCK_LIST),
            "block_sumsqs": pa.array(np.asarray(squares, np.float32).tolist(), BLOCK_LIST),
        }
    )

    def read() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches(size)

    return read


def by_hand(sums: np.ndarray, squares: np.ndarray, n_bars: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Relative rank and Sharpe ratio of each half's choice on the other half, and those of all runs there."""
    edges = [block * n_bars // 16 for block in range(17)]
    member = np.array([[block in half for block in range(16)] for half in HALVES])

    def sharpes(halves: np.ndarray) -> np.ndarray:
        bars = halves @ np.diff(edges)
        mean = sums @ halves.T / bars
        square = squares @ halves.T
        variance = (square - mean**2 * bars) / (bars - 1)
        found = np.full(mean.shape, np.nan)
        varies = variance > 1e-6 * square / bars
        found[varies] = mean[varies] / np.sqrt(variance[varies])
        return found.round(10)  # equal runs are equal, in whatever order they were added up

    inside, outside = sharpes(member), np.nan_to_num(sharpes(~member))
    judged = ~np.isnan(inside).all(axis=0)
    chosen = np.nanargmax(inside[:, judged], axis=0)
    ranks = rankdata(outside[:, judged], axis=0) / (len(sums) + 1)
    rows = np.arange(judged.sum())
    return ranks[chosen, rows], outside[:, judged][chosen, rows], outside[:, judged]


def dominance_by_hand(chosen: np.ndarray, everything: np.ndarray) -> int | None:
    """From the definitions: distribution functions, and the integral of their difference, at every value."""
    values = np.unique(everything)
    below, of_all = (
        np.searchsorted(np.sort(some, axis=None), values, side="right") / some.size
        for some in (chosen, everything)
    )
    if (below <= of_all + 1e-12).all() and (below < of_all - 1e-12).any():
        return 1
    gains = np.concatenate([[0.0], np.cumsum((of_all - below)[:-1] * np.diff(values))])
    return 2 if (gains >= -1e-9).all() and (gains > 1e-9).any() else None


@settings(max_examples=40, deadline=None)
@given(
    returns=st.integers(2, 5).flatmap(lambda runs: arrays(np.int8, (runs, 16), elements=st.integers(-3, 3))),
    extra=arrays(np.int8, 16, elements=st.integers(1, 6)),
    n_bars=st.integers(48, 70),
    idle=st.booleans(),
    twin=st.booleans(),
)
def test_it_equals_all_splits_by_hand(
    returns: np.ndarray, extra: np.ndarray, n_bars: int, *, idle: bool, twin: bool
) -> None:
    sums = returns.astype(np.float64)
    squares = sums**2 + extra
    if idle:
        sums[0], squares[0] = 0.0, 0.0
        sums[-1, :8], squares[-1, :8] = 0.0, 0.0  # on one half alone
    if twin:
        sums, squares = np.vstack([sums, sums[-1]]), np.vstack([squares, squares[-1]])
    ranks, outside, everything = by_hand(sums, squares, n_bars)
    found = overfitting(stream(sums, squares), n_bars, 1.0)
    if not len(ranks):
        assert found is None
        return
    assert found is not None
    assert (found.runs, found.splits) == (len(sums), len(ranks))
    assert found.pbo == (ranks <= 0.5).mean()
    assert found.loss == (outside < 0.0).mean()
    assert found.out_of_sample == pytest.approx(outside.mean(), abs=1e-9)
    logits = np.log(ranks / (1.0 - ranks))
    assert found.logits[0.5] == pytest.approx(np.median(logits))
    assert found.dominance == dominance_by_hand(outside, everything)


def test_halves_are_all_and_each_has_its_complement() -> None:
    masks = PAIRS[:, 0].astype(int) | PAIRS[:, 1].astype(int) << 8
    both = {*masks.tolist(), *(65535 - masks).tolist()}
    assert both == {sum(1 << block for block in half) for half in HALVES}
    bars = bars_of(100)
    for place in (0, 1234, 6434):
        blocks = [block for block in range(16) if masks[place] >> block & 1]
        assert bars[place, 0] == sum((block + 1) * 100 // 16 - block * 100 // 16 for block in blocks)
    assert (bars.sum(axis=1) == 100).all()


def noise(runs: int, seed: int, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(seed).normal(0.0, 0.01, (runs, 16, 20))
    drawn[0] += gain
    return drawn.sum(axis=2), (drawn**2).sum(axis=2)


def test_the_order_of_runs_and_batches_and_the_threads_do_not_matter() -> None:
    sums, squares = noise(300, 1)
    sums[17], squares[17] = sums[4], squares[4]
    keys = np.random.default_rng(2).permutation(2**63 + np.arange(300, dtype=np.uint64))
    order = np.random.default_rng(3).permutation(300)
    once = overfitting(stream(sums, squares, keys, 300), 320, 252.0, threads=1)
    again = overfitting(stream(sums[order], squares[order], keys[order], 7), 320, 252.0, threads=3)
    assert once == again


def test_equal_runs_in_sample_are_chosen_by_key() -> None:
    sums = np.array([[1.0] * 8 + [-1.0] * 8, [1.0] * 8 + [2.0] * 8, [-9.0] * 16])
    squares = np.full((3, 16), 100.0)
    first, second = (overfitting(stream(sums, squares, keys), 160, 1.0) for keys in ([1, 2, 3], [2, 1, 3]))
    assert first is not None
    assert second is not None
    assert second.out_of_sample > first.out_of_sample


def test_a_run_that_is_always_better_is_no_luck() -> None:
    found = overfitting(stream(*noise(100, 4, gain=0.01)), 320, 252.0)
    assert found is not None
    assert found.pbo == 0.0
    assert found.loss == 0.0
    assert found.dominance == 1
    assert found.logits[0.05] == pytest.approx(math.log(100 / 1))
    assert found.to_document()["logits"].keys() == {"p05", "p25", "p50", "p75", "p95"}


def test_one_line_through_in_and_out_of_sample() -> None:
    sums, squares = noise(50, 5)
    found = overfitting(stream(sums, squares), 320, 1.0)
    assert found is not None
    assert found.slope is not None
    assert found.intercept is not None
    assert found.slope < 0.0  # a window's luck is spent where it was found
    assert found.out_of_sample == pytest.approx(found.slope * found.in_sample + found.intercept)


def test_what_cannot_be_judged_is_none() -> None:
    sums, squares = noise(3, 6)
    assert overfitting(stream(sums, squares), 31, 1.0) is None
    assert overfitting(stream(sums[:1], squares[:1]), 320, 1.0) is None
    assert overfitting(stream(sums[:0], squares[:0]), 320, 1.0) is None
    assert overfitting(stream(0 * sums, 0 * squares), 320, 1.0) is None
