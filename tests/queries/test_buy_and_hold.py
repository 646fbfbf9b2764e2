"""Runs held against buying and holding."""

import pyarrow as pa
import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from tests.queries.conftest import put_runs, run_rows

COLUMNS = {
    "total_return": [0.5, 0.1, 0.2, 0.3],
    "buy_hold_return": pa.array([0.2, 0.2, 0.2, None], pa.float64()),
    "excess_return": pa.array([0.3, -0.1, 0.0, None], pa.float64()),
    "beats_buy_hold": pa.array([True, False, False, None], pa.bool_()),
}


@pytest.fixture
def held(lake: Lake) -> Lake:
    """A sweep of four runs, one of which tells no buy-and-hold; two of them again, and one in sample."""
    put_runs(lake, "cross", "AAA", run_rows("s1", ["r1", "r2", "r3", "r4"], COLUMNS))
    again = {name: values[:2] for name, values in COLUMNS.items()}
    put_runs(lake, "cross", "AAA", run_rows("s2", ["r1", "r2"], again))
    put_runs(lake, "cross", "AAA", run_rows("s2", ["r5", "r6"], again, role="in_sample"))
    return lake


def test_every_run_comes_once_by_the_latest_sweep(held: Lake) -> None:
    with Catalog(held) as catalog:
        rows = catalog.rows("from buy_and_hold order by run_id")
    assert [
        (row["run_id"], row["sweep_id"], row["excess_return"], row["beats_buy_hold"]) for row in rows
    ] == [
        ("r1", "s2", 0.3, True),
        ("r2", "s2", -0.1, False),
        ("r3", "s1", 0.0, False),
        ("r4", "s1", None, None),
    ]


def test_a_sweep_tells_the_share_that_beats_it(held: Lake) -> None:
    with Catalog(held) as catalog:
        first, second = catalog.rows("from sweep_buy_and_hold order by sweep_id")
    assert first == {
        "sweep_id": "s1",
        "strategy": "cross",
        "symbol": "AAA",
        "timeframe": "1d",
        "runs": 4,
        "compared": 3,
        "beating": pytest.approx(1 / 3),
        "buy_hold_return": pytest.approx(0.2),
        "median_excess_return": 0.0,
        "best_excess_return": 0.3,
    }
    assert (second["runs"], second["beating"]) == (2, 0.5)
