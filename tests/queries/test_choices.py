"""Choices: the best parameters of each split on its spans, of a sweep's runs or of given ones of all."""

import math
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.lake import open_lake
from queries import choices
from queries.catalog import Catalog
from tests.queries.conftest import put_runs, random_metrics, run_rows

CELLS = 12
SPANS = {"A": (1, 2), "B": (3,)}
"""By symbol, its spans: the contexts of its runs."""
TRAINING = choices.Training([1, 2, 2, 1], ["A", "A", "A", "B"], [f"{span:016x}" for span in (1, 1, 2, 3)])
OTHER = 9
"""A context that no split chooses on, with the best runs of all."""


def run_id(span: int, cell: int) -> str:
    return f"{span:016x}{cell:016x}"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Two sweeps, of which the second carried some runs of the first; the first lacks a run on one span."""
    lake = open_lake(str(tmp_path_factory.mktemp("searched") / "lake"))
    for symbol, spans in SPANS.items():
        for span in (*spans, OTHER):
            metrics = pa.table(random_metrics(CELLS, span)).append_column(
                "param_fast", pa.array(range(CELLS), pa.float64())
            )
            for sweep, kept in (("first", range(CELLS - span)), ("second", range(4, CELLS))):
                rows = metrics.take(pa.array(kept))
                own = {name: rows[name] for name in rows.column_names}
                own |= {"n_bars": pa.repeat(pa.scalar(100 * span, pa.int32()), len(kept))}
                own |= {"span": pa.repeat(pa.scalar(span, pa.int32()), len(kept))}
                ids = [run_id(span, cell) for cell in kept]
                put_runs(lake, "cross", symbol, run_rows(sweep, ids, own, role="in_sample"))
    return Catalog(lake)


Chosen = dict[tuple[int, str], int]


def best(frame: pd.DataFrame, metric: str, min_trades: int, *, per_symbol: bool) -> Chosen:
    """Return the cell that each split chooses, found one by one."""
    rows = {row["run_id"]: row for row in frame.to_dict("records")}
    trained: dict[tuple[int, str], list[str]] = {}
    for split, symbol, context in zip(*TRAINING, strict=True):
        trained.setdefault((split, symbol if per_symbol else ""), []).append(context)
    found = {}
    for chooser, contexts in trained.items():
        valued = []
        for cell in range(CELLS):
            runs = [rows.get(f"{context}{cell:016x}") for context in contexts]
            if any(run is None or math.isnan(run[metric]) for run in runs):
                continue
            bars = sum(run["n_bars"] for run in runs)
            value = sum(run[metric] * run["n_bars"] for run in runs) / bars
            if sum(run["num_trades"] for run in runs) >= min_trades:
                valued.append((value if metric == "max_drawdown" else -value, cell))
        if valued:
            least = min(value for value, _ in valued)
            found[chooser] = min(cell for value, cell in valued if value == least)
    return found


@settings(max_examples=40, deadline=None)
@given(
    cells=st.none() | st.sets(st.integers(0, CELLS + 3)),
    metric=st.sampled_from(["sharpe", "max_drawdown"]),
    min_trades=st.integers(0, 40),
    group=st.sampled_from(["symbol", "all"]),
)
def test_each_split_chooses_the_best_of_what_it_may_choose_from(
    searched: Catalog, cells: set[int] | None, metric: str, min_trades: int, group: str
) -> None:
    names = f"run_id, n_bars, num_trades, cast({metric} as double) as {metric}"
    frame = searched.arrow(f"select distinct {names} from metrics").to_pandas()  # noqa: S608
    hashes = pa.table({"parameters": pa.array(sorted(cells or ()), pa.uint64())})
    if cells is None:
        own = searched.arrow("select run_id from metrics where sweep_id = 'second'")["run_id"].to_pylist()
        frame = frame[frame["run_id"].isin(own)]
    else:
        frame = frame[frame["run_id"].str[16:].map(lambda half: int(half, 16) in cells)]
    found = choices.choices(
        searched,
        "second" if cells is None else hashes,
        TRAINING,
        metric=metric,
        score=None,
        min_trades=min_trades,
        per_symbol=group == "symbol",
    ).to_pylist()
    chosen = {(row["split"], row["symbol"] or ""): int(row["parameters"], 16) for row in found}
    assert chosen == best(frame, metric, min_trades, per_symbol=group == "symbol")
    assert all(row["param_fast"] == int(row["parameters"], 16) for row in found)


def test_what_is_tested_is_told_by_split_and_by_run(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    columns = {"span": [7, 8], "splits": [[1, 3], [2]], "param_fast": [5.0, 6.0]}
    put_runs(lake, "cross", "A", run_rows("one", ["a", "b"], columns, role="out_of_sample"))
    put_runs(lake, "cross", "A", run_rows("two", ["a"], {"param_fast": [5.0]}, role="out_of_sample"))
    catalog = Catalog(lake)
    told = choices.tested_choices(catalog, "one", per_symbol=True).to_pylist()
    assert sorted((row["split"], row["symbol"], row["param_fast"]) for row in told) == [
        (1, "A", 5.0),
        (2, "A", 6.0),
        (3, "A", 5.0),
    ]
    together = choices.tested_choices(catalog, "one", per_symbol=False)
    assert together["symbol"].null_count == together.num_rows == 3
    runs = choices.tested_runs(catalog, "one").to_pylist()
    assert sorted((row["run_id"], row["span"]) for row in runs) == [("a", 7), ("b", 8)]
    assert {row["symbol"] for row in runs} == {"A"}
    assert choices.tested_runs(catalog, "none").num_rows == 0
