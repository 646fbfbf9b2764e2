"""Two sweeps beside each other, against pandas."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import BadValueError, UnknownNameError
from queries.judgement.diff import diff
from queries.judgement.inputs import changed_inputs
from tests.queries.judgement.grids import COLUMNS, OTHER, SWEEP, frame, known, ranked, stored, sweeps

FAST = [("007", fast) for fast in range(4)]


def _elsewhere(rows: pd.DataFrame) -> pd.DataFrame:
    """The same cells in another context: corrected bars, say."""
    return rows.assign(run_id=["f" + run_id[1:] for run_id in rows["run_id"]])


def test_a_diff_is_golden() -> None:
    before = frame(FAST, {"sharpe": [1.0, 2.0, 3.0, None]}, ("fast",))
    after = _elsewhere(frame(FAST, {"sharpe": [1.0, 2.5, 1.0, 4.0]}, ("fast",)))
    with stored(before, after) as catalog:
        found = diff(catalog, SWEEP, OTHER, n=2)
    assert found.runs == {"before": 4, "after": 4, "in_both": 0, "only_before": 4, "only_after": 4}
    assert found.cells == {
        "common": 4,
        "moved": 3,
        "better": 1,
        "worse": 1,
        "mean": -0.5,
        "median": 0.0,
    }
    # The best two are 2 and 1, then 3 and 1; ranks 1 2 3 become 1.5 3 1.5.
    assert found.best == {"n": 2, "shared": 1, "share": 0.5, "rank_correlation": 0.0}
    names = ["param_fast", "before", "after", "change"]
    assert found.moves.select(names).to_pylist() == [
        {"param_fast": 2, "before": 3.0, "after": 1.0, "change": -2.0},
        {"param_fast": 1, "before": 2.0, "after": 2.5, "change": 0.5},
    ]
    assert found.moves["run_id_after"][0].as_py() == "f" + found.moves["run_id_before"][0].as_py()[1:]


@settings(max_examples=15)
@given(data=st.data(), metric=st.sampled_from(["sharpe", "max_drawdown"]), n=st.integers(1, 5))
def test_a_diff_equals_pandas(data: st.DataObject, metric: str, n: int) -> None:
    before = data.draw(sweeps())
    moved = data.draw(st.lists(st.sampled_from([0.0, 0.25, -0.5, None]), min_size=1))
    kept = data.draw(st.lists(st.booleans(), min_size=1))
    steps = pd.Series([moved[place % len(moved)] for place in range(len(before))], dtype="float64")
    after = before.assign(**{metric: before[metric] + steps})
    after = after[[kept[place % len(kept)] or place == 0 for place in range(len(before))]]
    if data.draw(st.booleans()):
        after = _elsewhere(after)
    with stored(before, after) as catalog:
        found = diff(catalog, SWEEP, OTHER, metric, n)
    both = len(set(before["run_id"]) & set(after["run_id"]))
    assert found.runs == {
        "before": len(before),
        "after": len(after),
        "in_both": both,
        "only_before": len(before) - both,
        "only_after": len(after) - both,
    }
    pairs = before.join(after, suffixes=("_before", "_after"), how="inner")
    old, new = pairs[f"{metric}_before"], pairs[f"{metric}_after"]
    gain = (old - new) if metric == "max_drawdown" else (new - old)
    assert [found.cells[name] for name in ("common", "better", "worse")] == [
        len(pairs),
        (gain > 0).sum(),
        (gain < 0).sum(),
    ]
    changed = old.ne(new) & ~(old.isna() & new.isna())
    assert found.cells["moved"] == changed.sum()
    assert found.cells["mean"] == _near((new - old).mean())
    assert found.cells["median"] == _near((new - old).median())
    top_before, top_after = (ranked(rows, metric).head(n) for rows in (before, after))
    shared, fewer = len(set(top_before.index) & set(top_after.index)), min(len(top_before), len(top_after))
    assert (found.best["shared"], found.best["share"]) == (shared, shared / fewer if fewer else None)
    held = old.notna() & new.notna()
    rank = old[held].rank().corr(new[held].rank()) if held.sum() > 1 else None
    varies = len(set(old[held])) > 1 and len(set(new[held])) > 1
    assert found.best["rank_correlation"] == (_near(rank) if varies else None)
    sizes = (new - old)[changed].abs().sort_values(ascending=False).head(n)
    assert [abs(row["change"]) for row in found.moves.to_pylist() if row["change"] is not None] == list(
        sizes.dropna()
    )
    assert found.moves.num_rows == min(n, changed.sum())


def _near(value: float | None) -> object:
    value = known(value)
    return None if value is None else pytest.approx(value)


def test_a_parameter_of_one_sweep_alone_is_off_in_the_other() -> None:
    before = frame([("007", 3), ("007", 4)], {"sharpe": [1.0, 2.0]}, ("fast",))
    cells = [("007", fast, stop) for fast in (3, 4) for stop in (None, 0.05)]
    with stored(before, frame(cells, {"sharpe": [1.5, 9.0, 2.0, 9.0]}, ("fast", "stop"))) as catalog:
        found = diff(catalog, SWEEP, OTHER)
    assert (found.cells["common"], found.cells["moved"], found.cells["mean"]) == (2, 1, 0.25)
    assert found.moves.column_names[1:3] == [COLUMNS["fast"], COLUMNS["stop"]]


def test_changed_inputs_are_golden() -> None:
    fixed = {"strategy_code": "a", "simulation_version": 1, "versions": '{"numpy": "2.4"}'}
    bars = {"fingerprint": "x", "bars": 10, "files": ["one.parquet"]}
    before = {
        "config": json.dumps({"execution": {"fee_bps": 5.0}, "symbols": ["A"], "where": "fast < slow"}),
        "bars": json.dumps({"A": bars}),
    }
    after = {
        "config": json.dumps({"execution": {"fee_bps": 9.0, "fill": "close"}, "symbols": ["A", "B"]}),
        "bars": json.dumps({"A": bars | {"files": ["other.parquet"]}, "B": bars}),
    }
    found = changed_inputs(fixed | before, fixed | after | {"strategy_code": "b"})
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("bars.B.bars", "added", None, "10"),
        ("bars.B.fingerprint", "added", None, "x"),
        ("execution.fee_bps", "changed", "5.0", "9.0"),
        ("execution.fill", "added", None, "close"),
        ("strategy_code", "changed", "a", "b"),
        ("symbols", "changed", '["A"]', '["A", "B"]'),
        ("where", "removed", "fast < slow", None),
    ]


def test_what_cannot_be_compared_is_refused() -> None:
    rows = frame(FAST, {"sharpe": [1.0] * 4}, ("fast",))
    with stored(rows, rows) as catalog:
        with pytest.raises(BadValueError, match="the same sweep"):
            diff(catalog, SWEEP, SWEEP)
        with pytest.raises(BadValueError, match="at least one run"):
            diff(catalog, SWEEP, OTHER, n=0)
        with pytest.raises(UnknownNameError, match='did you mean "20260202-grid"'):
            diff(catalog, SWEEP, "20260202-gird")
        same = diff(catalog, SWEEP, OTHER)
    assert (same.runs["in_both"], same.cells["moved"], same.moves.num_rows) == (4, 0, 0)
    assert (same.best["share"], same.best["rank_correlation"]) == (1.0, None)
