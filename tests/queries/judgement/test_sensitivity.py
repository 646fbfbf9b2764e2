"""Sensitivity and boundary, against pandas and SciPy."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import BadValueError
from queries.judgement.boundary import boundary
from queries.judgement.scope import Scope
from queries.judgement.sensitivity import sensitivity
from tests.queries.judgement.grids import (
    COLUMNS,
    KINDS,
    SCOPE,
    SWEEP,
    frame,
    known,
    ranked,
    stored,
    sweeps,
    varying,
)

METRIC = st.sampled_from(["sharpe", "max_drawdown"])


def test_sensitivity_is_golden() -> None:
    cells = [("007", fast, fill) for fast in (3, 4) for fill in ("close", "next_open")]
    with stored(frame(cells, {"sharpe": [1.0, 2.0, 5.0, 6.0]}, ("fast", "fill"))) as catalog:
        found = sensitivity(catalog, SCOPE)
    # About the mean 3.5: 4 x 2^2 = 16 between the fasts, 4 x 0.5^2 = 1 between the fills, 17 in all.
    assert found.axes.to_pylist() == [
        {
            "parameter": "fast",
            "section": "strategy",
            "kind": "int",
            "values": 2,
            "runs": 4,
            "eta_squared": pytest.approx(16 / 17),
            "spread": 4.0,
            "best_value": "4",
            "best_mean": 5.5,
        },
        {
            "parameter": "fill",
            "section": "execution",
            "kind": "text",
            "values": 2,
            "runs": 4,
            "eta_squared": pytest.approx(1 / 17),
            "spread": 1.0,
            "best_value": "next_open",
            "best_mean": 4.0,
        },
    ]
    assert found.slices.select(["parameter", "place", "value", "runs", "mean", "median"]).to_pylist()[0] == {
        "parameter": "fast",
        "place": 1,
        "value": "3",
        "runs": 2,
        "mean": 1.5,
        "median": 1.5,
    }


def test_a_metric_that_does_not_vary_has_no_share() -> None:
    cells = [("007", fast) for fast in (3, 4, 7)]
    with stored(frame(cells, {"sharpe": [0.1] * 3, "cagr": [None] * 3}, ("fast",))) as catalog:
        same = sensitivity(catalog, SCOPE).axes.to_pylist()[0]
        none = sensitivity(catalog, SCOPE, "cagr").axes.to_pylist()[0]
        one = sensitivity(catalog, Scope(SWEEP, where="fast = 3"))
    assert (same["eta_squared"], same["spread"], same["best_value"]) == (None, 0.0, "3")
    assert (none["runs"], none["eta_squared"], none["spread"], none["best_value"]) == (0, None, None, None)
    assert (one.axes.num_rows, one.slices.num_rows) == (0, 0)


@settings(max_examples=15)
@given(rows=sweeps(), metric=METRIC)
def test_sensitivity_equals_pandas(rows: pd.DataFrame, metric: str) -> None:
    with stored(rows) as catalog:
        found = sensitivity(catalog, SCOPE, metric)
    axes = {row["parameter"]: row for row in found.axes.to_pylist()}
    assert set(axes) == set(varying(rows))
    shares = [row["eta_squared"] for row in found.axes.to_pylist() if row["eta_squared"] is not None]
    assert shares == sorted(shares, reverse=True)
    values = rows[metric]
    for name, row in axes.items():
        keys = rows[COLUMNS[name]].map(known)
        slices = [item for item in found.slices.to_pylist() if item["parameter"] == name]
        groups = values.groupby(keys, dropna=False)
        assert row["values"] == len(slices) == groups.ngroups
        assert [item["runs"] for item in slices] == list(groups.count().sort_index(na_position="first"))
        assert row["runs"] == values.count()
        fitted = groups.transform("mean")[values.notna()]
        held = values.dropna()
        if held.nunique() < 2:
            assert row["eta_squared"] is None
            continue
        share = ((fitted - held.mean()) ** 2).sum() / ((held - held.mean()) ** 2).sum()
        assert row["eta_squared"] == pytest.approx(share, abs=1e-12)
        assert row["spread"] == pytest.approx(fitted.max() - fitted.min())
        assert row["best_mean"] == pytest.approx(fitted.min() if metric == "max_drawdown" else fitted.max())
        for quantile, column in ((0.05, "p05"), (0.25, "p25"), (0.5, "median"), (0.75, "p75"), (0.95, "p95")):
            expected = groups.quantile(quantile).sort_index(na_position="first").map(known)
            for item, value in zip(slices, expected, strict=True):
                assert item[column] == (None if pd.isna(value) else pytest.approx(value))


def test_the_boundary_is_golden() -> None:
    cells = [("007", fast, stop) for fast in (3, 4, 7) for stop in (None, 0.01)]
    sharpe = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0]
    with stored(frame(cells, {"sharpe": sharpe}, ("fast", "stop"))) as catalog:
        found = boundary(catalog, SCOPE, n=6).to_pylist()
        two = boundary(catalog, Scope(SWEEP, where="fast < 7"))
    # stop has one value beside off, and so no edge; fast = 4 lies between.
    assert [(row["place"], row["parameter"], row["edge"], row["value"]) for row in found] == [
        (1, "fast", "highest", 7.0),
        (2, "fast", "highest", 7.0),
        (5, "fast", "lowest", 3.0),
        (6, "fast", "lowest", 3.0),
    ]
    assert {row["values"] for row in found} == {3}
    assert two.num_rows == 0


@settings(max_examples=15)
@given(rows=sweeps(values=4), metric=METRIC, n=st.integers(1, 5))
def test_the_boundary_equals_pandas(rows: pd.DataFrame, metric: str, n: int) -> None:
    with stored(rows) as catalog:
        found = boundary(catalog, SCOPE, metric, n)
    expected = []
    for place, run in enumerate(ranked(rows, metric).head(n).to_dict("records"), 1):
        for name in varying(rows):
            tried = rows[COLUMNS[name]].dropna()
            if (
                KINDS[name] in {"int", "float"}
                and tried.nunique() >= 3
                and run[COLUMNS[name]] in (tried.min(), tried.max())
            ):
                edge = "lowest" if run[COLUMNS[name]] == tried.min() else "highest"
                expected.append((place, run["run_id"], name, edge))
    names = ("place", "run_id", "parameter", "edge")
    assert [tuple(row[name] for name in names) for row in found.to_pylist()] == expected


def test_a_boundary_of_no_run_is_refused() -> None:
    with stored(frame([("007", 3)], {"sharpe": [1.0]}, ("fast",))) as catalog:
        assert boundary(catalog, SCOPE).num_rows == 0
        with pytest.raises(BadValueError, match="at least one run"):
            boundary(catalog, SCOPE, n=0)
