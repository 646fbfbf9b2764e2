"""Ideas among the best runs, against NumPy and a search by hand for connected runs."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.lake import Lake
from queries.catalog import Catalog
from queries.errors import BadValueError
from queries.judgement.correlated import correlated
from queries.judgement.scope import Scope
from tests.queries.conftest import AGAIN, CROSS, START, put, put_runs, put_sweep, run_rows
from tests.queries.judgement.grids import SCOPE, SWEEP, frame, ranked, stored

UP, DOWN = [0.1, 0.3, 0.2, 0.4] * 4, [0.4, 0.2, 0.3, 0.1] * 4
OTHER = [0.1, 0.1, 0.2, 0.2] * 4


def _rows(blocks: list[list[float] | None], sharpe: list[float | None]) -> pd.DataFrame:
    rows = frame([("007", fast) for fast in range(len(blocks))], {"sharpe": sharpe}, ("fast",))
    return rows.assign(block_sums=blocks, n_bars=[160] * len(blocks))


def test_variants_of_one_idea_are_one() -> None:
    twice = [2 * value for value in UP]
    with stored(_rows([UP, DOWN, twice, OTHER, UP], [5.0, 4.0, 3.0, 2.0, None])) as catalog:
        found = correlated(catalog, SCOPE)
    assert found.source == "block_sums"
    assert found.runs.select(["place", "param_fast", "value", "idea"]).to_pylist() == [
        {"place": 1, "param_fast": 0, "value": 5.0, "idea": 1},
        {"place": 2, "param_fast": 1, "value": 4.0, "idea": 2},
        {"place": 3, "param_fast": 2, "value": 3.0, "idea": 1},
        {"place": 4, "param_fast": 3, "value": 2.0, "idea": 3},
    ]
    first = found.runs["run_id"][0].as_py()
    assert found.ideas.to_pylist()[0] == {"idea": 1, "runs": 2, "best_run_id": first, "value": 5.0}
    # Of UP and OTHER: deviations -.15 .05 -.05 .15 and -.05 -.05 .05 .05, so .01 / sqrt(.05 x .01).
    assert found.pairs["correlation"].to_pylist() == pytest.approx(
        [-1.0, 1.0, 0.4472136, -1.0, -0.4472136, 0.4472136], abs=1e-6
    )


def test_a_chain_makes_one_idea() -> None:
    # 1 and 3 are alike through 2: 0.8 each way, and 0.28 between them.
    blocks = [[1.0, 0.0, -1.0, 0.0] * 4, [0.8, 0.6, -0.8, -0.6] * 4, [0.28, 0.96, -0.28, -0.96] * 4]
    with stored(_rows(blocks, [3.0, 2.0, 1.0])) as catalog:
        chained = correlated(catalog, SCOPE, threshold=0.79)
        apart = correlated(catalog, SCOPE, threshold=0.81)
    assert chained.runs["idea"].to_pylist() == [1, 1, 1]
    assert apart.runs["idea"].to_pylist() == [1, 2, 3]


def test_blocks_of_other_windows_are_other_times() -> None:
    rows = _rows([UP, UP, None, [0.1] * 16], [4.0, 3.0, 2.0, 1.0]).assign(n_bars=[160, 320, 160, 160])
    with stored(rows) as catalog:
        found = correlated(catalog, SCOPE)
    assert found.pairs["correlation"].to_pylist() == [None] * 6
    assert found.runs["idea"].to_pylist() == [1, 2, 3, 4]


@settings(max_examples=15)
@given(data=st.data(), n=st.integers(1, 8), threshold=st.sampled_from([0.3, 0.6, 0.9]))
def test_ideas_equal_a_search_through_all_pairs(data: st.DataObject, n: int, threshold: float) -> None:
    seed = data.draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    basis = rng.normal(size=(3, 16))
    blocks = rng.normal(size=(7, 3)) @ basis
    sharpe = data.draw(st.lists(st.sampled_from([None, 1.0, 2.0, 3.0]), min_size=7, max_size=7))
    rows = _rows(blocks.astype(np.float32).tolist(), sharpe)
    with stored(rows) as catalog:
        found = correlated(catalog, SCOPE, n=n, threshold=threshold)
    best = ranked(rows, "sharpe").head(n)
    assert found.runs["run_id"].to_pylist() == list(best["run_id"])
    matrix = np.corrcoef(np.array(list(best["block_sums"]))) if len(best) > 1 else np.ones((1, 1))
    for row in found.pairs.to_pylist():
        assert row["correlation"] == pytest.approx(matrix[row["place_a"] - 1, row["place_b"] - 1])
    expected: dict[int, int] = {}
    for start in range(len(best)):
        if start not in expected:
            number, waiting = len(set(expected.values())) + 1, [start]
            while waiting:
                place = waiting.pop()
                expected[place] = number
                waiting += [
                    other
                    for other in range(len(best))
                    if other not in expected and matrix[place, other] >= threshold
                ]
    assert found.runs["idea"].to_pylist() == [expected[place] for place in range(len(best))]
    assert sum(found.ideas["runs"].to_pylist()) == len(best)


def _curve(lake: Lake, run: str, equity: list[float]) -> None:
    place = {"strategy": "cross", "symbol": "007", "date": "2026-01-02"}
    times = pa.array([START + timedelta(days=day) for day in range(len(equity))], pa.timestamp("us", "UTC"))
    count = len(equity)
    common = {"sweep_id": [CROSS] * count, "run_id": [run] * count}
    put(lake, "equity", pa.table(common | {"time": times, "equity": equity}), **place)
    whole = {"sweep_id": [CROSS], "run_id": [run], "trades": [0], "equity_rows": [count]}
    put(lake, "details", pa.table(whole), **place)


def test_stored_curves_count_before_blocks(tmp_path: Path, lake: Lake) -> None:
    put_sweep(lake, CROSS, "cross")
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a", "b", "c"], {"sharpe": [3.0, 2.0, 1.0]}))
    _curve(lake, "a", [100.0, 110.0, 99.0, 108.9])
    _curve(lake, "b", [10.0, 12.0, 9.6, 11.52])
    with Catalog(lake) as catalog:
        two = correlated(catalog, Scope(CROSS), n=2)
        three = correlated(catalog, Scope(CROSS), n=3)
        none = correlated(catalog, Scope(CROSS, where="sharpe > 9"))
    # Returns 0.1 -0.1 0.1 and 0.2 -0.2 0.2.
    assert (two.source, two.pairs["correlation"].to_pylist()) == ("equity", [pytest.approx(1.0)])
    assert two.runs["idea"].to_pylist() == [1, 1]
    assert three.source == "block_sums"
    assert (none.runs.num_rows, none.ideas.num_rows, none.pairs.num_rows) == (0, 0, 0)


def test_a_curve_counts_whichever_sweep_stored_it(lake: Lake) -> None:
    """As of runs that a sweep took over from another one."""
    put_sweep(lake, CROSS, "cross")
    put_sweep(lake, AGAIN, "cross", day=1)
    for sweep in (CROSS, AGAIN):
        put_runs(lake, "cross", "007", run_rows(sweep, ["a", "b"], {"sharpe": [3.0, 2.0]}))
    _curve(lake, "a", [100.0, 110.0, 99.0, 108.9])
    _curve(lake, "b", [10.0, 12.0, 9.6, 11.52])
    with Catalog(lake) as catalog:
        found = correlated(catalog, Scope(AGAIN))
    assert (found.source, found.pairs["correlation"].to_pylist()) == ("equity", [pytest.approx(1.0)])
    assert found.runs["sweep_id"].to_pylist() == [AGAIN, AGAIN]


def test_what_cannot_be_correlated_is_refused() -> None:
    with stored(_rows([UP], [1.0])) as catalog:
        with pytest.raises(BadValueError, match="at least one run"):
            correlated(catalog, Scope(SWEEP), n=0)
        for threshold in (0.0, 1.0):
            with pytest.raises(BadValueError, match="between 0 and 1"):
                correlated(catalog, Scope(SWEEP), threshold=threshold)
