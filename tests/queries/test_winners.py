"""Winners: the top n of each group."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.lake import Lake
from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.winners import winners
from tests.queries.conftest import CROSS, put_runs, run_rows


def test_winners_are_golden(lake: Lake) -> None:
    columns = {
        "sharpe": [1.0, None, 3.0, 1.0, 9.0],
        "num_trades": [5, 5, 5, 5, 0],
        "param_fast": [1.0, 2.0, 3.0, None, 5.0],
    }
    put_runs(lake, "cross", "007", run_rows(CROSS, ["d", "c", "b", "a", "e"], columns))
    put_runs(lake, "cross", "Mü", run_rows(CROSS, ["f"], {"sharpe": [None], "num_trades": [5]}))
    found = winners(Catalog(lake), CROSS, n=2, min_trades=1)
    assert found.to_pylist() == [
        {"run_id": "b", "strategy": "cross", "symbol": "007", "value": 3.0, "place": 1, "param_fast": 3.0},
        {"run_id": "a", "strategy": "cross", "symbol": "007", "value": 1.0, "place": 2, "param_fast": None},
    ]


@settings(max_examples=30)
@given(
    metric=st.sampled_from(["sharpe", "max_drawdown", "num_trades", "composite_score", "beats_buy_hold"]),
    per=st.sampled_from([("strategy", "symbol"), ("symbol",), ("timeframe", "strategy"), ()]),
    n=st.integers(1, 30),
    min_trades=st.integers(0, 15),
)
def test_winners_equal_a_full_sort(
    catalog: Catalog, metric: str, per: tuple[str, ...], n: int, min_trades: int
) -> None:
    frame = catalog.arrow(
        "select * exclude (block_sums, block_sumsqs) from metrics where sweep_id = $1", [CROSS]
    ).to_pandas()
    score = {"sharpe": 1.0, "max_drawdown": -0.5}
    values = frame["sharpe"] - 0.5 * frame["max_drawdown"] if metric == "composite_score" else frame[metric]
    frame = frame.assign(value=pd.to_numeric(values).astype("float64"))
    frame = frame[frame["value"].notna() & (frame["num_trades"] >= min_trades)]
    frame = frame.sort_values("run_id").sort_values(
        "value", ascending=metric == "max_drawdown", kind="stable"
    )
    best = frame.groupby(list(per), sort=False).head(n) if per else frame.head(n)
    found = winners(catalog, CROSS, n=n, metric=metric, score=score, min_trades=min_trades, per=per)
    assert sorted(found["run_id"].to_pylist()) == sorted(best["run_id"])


def test_what_cannot_win_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match="unknown group"):
        winners(catalog, CROSS, n=1, per=["run_id"])
    with pytest.raises(UnknownNameError, match='did you mean "sharpe"'):
        winners(catalog, CROSS, n=1, metric="sharp")
    with pytest.raises(BadValueError, match="weights"):
        winners(catalog, CROSS, n=1, metric="composite_score")
