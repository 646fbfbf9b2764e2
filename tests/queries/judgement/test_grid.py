"""Boxes of cells: the two ways to them find the same."""

import pandas as pd
import pytest
from hypothesis import given, settings

from queries.judgement.grid import Grid, grid
from queries.judgement.scope import Scope, judged
from tests.queries.judgement.grids import SCOPE, frame, stored, sweeps


def _boxes(cells: Grid, way: str) -> list[dict]:
    rows: list[dict] = cells.ask(way, "select * from boxes order by run_id").to_pylist()
    return rows


@settings(max_examples=15)
@given(rows=sweeps())
def test_sums_and_joins_find_the_same(rows: pd.DataFrame) -> None:
    with stored(rows) as catalog:
        cells = grid(judged(catalog, SCOPE, "sharpe"))
        summed = _boxes(cells, cells._summed())
        joined = []
        for keys in range(len(cells.ordered) + 1):
            vars(cells)["keys"] = cells.ordered[:keys]  # what it would find best counts no more
            joined.append(_boxes(cells, cells._joined()))
    assert [row["run_id"] for row in summed] == sorted(rows["run_id"])
    for found in joined:
        assert found == [
            row | {"total": row["total"] and pytest.approx(row["total"], abs=1e-12)} for row in summed
        ]


def test_full_grids_are_summed_and_thin_ones_joined() -> None:
    places = range(12)
    full = [("007", fast, stop) for fast in places for stop in places]
    with stored(frame(full, {"sharpe": [1.0] * len(full)}, ("fast", "stop"))) as catalog:
        assert "pass_2" in grid(judged(catalog, SCOPE, "sharpe")).boxes()
        thin = Scope(SCOPE.sweep, where="fast = stop")
        assert "near" in grid(judged(catalog, thin, "sharpe")).boxes()
