"""Finished blocks: each is taken once, and what is left is cut around them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.execution.blocks import BlockCutter, place_document
from sweeps.execution.context import Place
from sweeps.execution.finished import Finished
from sweeps.spec.grid import Grid
from tests.sweeps.execution.test_blocks import grid_of

RUNS = 400


A, B = Place("A"), Place("B")


def block(lo: int, hi: int, *, phase: str = "runs", place: Place = A, failed: int = 0) -> dict[str, object]:
    return {"phase": phase, **place_document(place), "lo": lo, "hi": hi, "runs": hi - lo, "failed": failed}


def grid(where: str | None = None, sample: int = 0) -> Grid:
    steps = {"start": 1, "stop": 20, "step": 1}
    further = {"where": where} if where else {}
    if sample:
        further["sample"] = {"method": "random", "n": sample}
    return grid_of(grid={"fast": steps, "slow": steps}, **further)


def test_a_block_is_told_from_others_by_place_range_and_phase() -> None:
    finished = Finished()
    others = [block(0, 5, place=B), block(0, 5, place=Place("A", 1)), block(0, 5, phase="details")]
    documents = [block(0, 5), block(5, 9), *others]
    assert [finished.take(document) for document in documents] == [True] * 5
    assert [finished.take(document) for document in documents] == [False] * 5
    assert (finished.computed, finished.failed) == (0, 0)


def test_runs_are_counted_once_and_details_not_at_all() -> None:
    finished = Finished()
    for document in [block(5, 9, failed=1), block(0, 5), block(0, 5), block(0, 5, phase="details")]:
        finished.restore(document)
    assert (finished.computed, finished.failed) == (8, 1)
    assert finished.ranges() == {A: [(0, 5), (5, 9)]}


@pytest.mark.parametrize(
    "made", [grid(), grid("fast < slow"), grid(sample=50)], ids=["all", "where", "sample"]
)
@given(done=st.sets(st.integers(0, 30)), sizes=st.lists(st.integers(1, 70), min_size=1, max_size=30))
def test_what_is_left_is_every_run_outside_of_the_finished_blocks(
    made: Grid, done: set[int], sizes: Sequence[int]
) -> None:
    first = BlockCutter(made, [A])
    blocks = []
    for place, cut in enumerate(first):
        blocks.append(cut)
        first.learn(sizes[place % len(sizes)], 1.0)
    kept = [cut for place, cut in enumerate(blocks) if place in done]
    cutter = BlockCutter(made, [A, B], 7, {A: [(cut.lo, cut.hi) for cut in kept]})
    rest = list(cutter)
    for place, before in ((A, kept), (B, [])):
        mine = [cut for cut in rest if cut.place == place]
        runs = np.concatenate([cut.indices(made) for cut in (*mine, *before)])
        expected = np.concatenate(list(made.chunks()))
        assert sorted(runs.tolist()) == expected.tolist()
        bounds = sorted((cut.lo, cut.hi) for cut in (*mine, *before))
        assert all(end <= begin for (_, end), (begin, _) in pairwise(bounds))
        assert all(cut.runs == len(cut.indices(made)) for cut in mine)
