"""Walk-forward: what is chosen on one part of the bars is tested on another, as if run there by hand."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from lake.schemas import METRIC_NAMES
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from tests.e2e.stored import metrics_of, stored
from tests.e2e.walking import FOLDED, ROLLING, WALK


@pytest.fixture(scope="module")
def folded(market: Lake, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    config = tmp_path_factory.mktemp("folded") / "walk.toml"
    config.write_text(WALK.format(keys=FOLDED))
    return sl.run(config, lake=market, client=client)


def spans_of(sweep: Sweep) -> pd.DataFrame:
    query = "select distinct span, role, span_start, span_end from splits where sweep_id = $1"
    return sweep.lake.catalog.arrow(query, [sweep.sweep_id]).to_pandas().set_index("span").sort_index()


def plain_run(lake: Lake, client: Client, folder: Path, symbol: str, start: Any, end: Any) -> pd.DataFrame:
    """Return what a sweep of the same grid has that ends where a span ends, by parameters."""
    text = WALK.format(keys="").replace("[walk_forward]", "").replace('["AAA", "BBB"]', f'["{symbol}"]')
    text = text.replace(
        'timeframe = "1d"', f'timeframe = "1d"\n    start = {start.isoformat()}\n    end = {end.isoformat()}'
    )
    config = folder / "plain.toml"
    config.write_text(text)
    found = metrics_of(sl.run(config, lake=lake, client=client))
    return found.set_index(["param_fast", "param_slow"]).sort_index()


def test_every_run_is_that_of_a_sweep_which_ends_where_its_span_ends(
    market: Lake, rolled: Sweep, client: Client, tmp_path: Path
) -> None:
    assert rolled.outcome.status == "finished"
    runs = stored(market, "metrics", rolled.sweep_id)
    spans = spans_of(rolled)
    for number in (spans.index[0], spans.index[2], spans.index[-1]):
        span = spans.loc[number]
        plain = plain_run(market, client, tmp_path, "AAA", span.span_start, span.span_end)
        mine = runs[(runs["span"] == number) & (runs["symbol"] == "AAA")]
        mine = mine.set_index(["param_fast", "param_slow"]).sort_index()
        assert len(mine) == (len(plain) if span.role == "in_sample" else 1)
        assert set(mine["role"]) == {span.role}
        names = [*METRIC_NAMES, "period_start", "period_end", "n_bars"]
        pd.testing.assert_frame_equal(mine[names], plain.loc[mine.index, names])
    assert set(runs["run_id"]).isdisjoint(metrics_of(sl.open(market.url).sweep("latest")).index)


def test_each_split_chooses_the_best_in_sample_and_tests_it_alone(market: Lake, rolled: Sweep) -> None:
    runs = stored(market, "metrics", rolled.sweep_id)
    splits = rolled.lake.catalog.arrow("select * from splits where sweep_id = $1", [rolled.sweep_id])
    tests = rolled.walk_forward()
    frame = splits.to_pandas()
    expected = []
    for split, of in frame.groupby("split"):
        ((trained,), (tested,)) = (
            of.loc[of["role"] == role, "span"] for role in ("in_sample", "out_of_sample")
        )
        for symbol in ("AAA", "BBB"):
            seen = runs[(runs["span"] == trained) & (runs["symbol"] == symbol) & (runs["num_trades"] >= 1)]
            if len(seen.dropna(subset="sharpe")):
                best = seen.assign(ties=seen["run_id"].str[16:])
                best = best.sort_values(["sharpe", "ties"], ascending=[False, True]).iloc[0]
                found = (split, symbol, tested, best["param_fast"], best["param_slow"], best["sharpe"])
                expected.append(found)
    columns = ["split", "symbol", "param_fast", "param_slow", "in_sample_sharpe"]
    mine = tests[columns].to_numpy().tolist()
    assert [row[:4] for row in mine] == [[one[0], one[1], one[3], one[4]] for one in expected]
    assert np.allclose([row[4] for row in mine], [one[5] for one in expected], rtol=1e-12)
    assert {1, 4} <= {row[0] for row in mine}
    chosen = runs[runs["role"] == "out_of_sample"]
    assert len(chosen) == len(expected)
    assert len(stored(market, "details", rolled.sweep_id)) == len(expected), "of what was chosen, all is kept"
    assert rolled.outcome.runs == rolled.outcome.done == len(runs)


def test_the_stitched_curve_is_the_chain_of_the_tested_ones(market: Lake, rolled: Sweep) -> None:
    curve = rolled.stitched()
    equity = stored(market, "equity", rolled.sweep_id)
    tests = rolled.walk_forward()
    summary = rolled.summary().out_of_sample.to_pandas().set_index("symbol")
    for symbol in ("AAA", "BBB"):
        capital, parts = 100_000.0, []
        for run_id in tests[tests["symbol"] == symbol].sort_values("test_start")["run_id"]:
            own = equity[equity["run_id"] == run_id].sort_values("time")["equity"].to_numpy()
            parts.append(capital * own / 100_000.0)
            capital = parts[-1][-1]
        expected = np.concatenate(parts)
        mine = curve[curve["symbol"] == symbol]
        assert mine["time"].is_monotonic_increasing
        assert np.allclose(mine["equity"], expected, rtol=1e-12)
        peaks = np.maximum.accumulate(np.maximum(expected, 100_000.0))
        assert np.allclose(mine["drawdown"], 1 - expected / peaks, atol=1e-12)
        returns = np.diff(np.concatenate(([100_000.0], expected))) / np.concatenate(
            ([100_000.0], expected[:-1])
        )
        row = summary.loc[symbol]
        assert row["total_return"] == pytest.approx(expected[-1] / 100_000.0 - 1, rel=1e-9)
        assert row["sharpe"] == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(365.0), rel=1e-9)
        assert row["max_drawdown"] == pytest.approx((1 - expected / peaks).max(), rel=1e-9)
        assert row["n_bars"] == len(expected)


def test_folds_choose_by_the_mean_over_their_bars_and_every_path_tests_all(
    market: Lake, folded: Sweep
) -> None:
    runs = stored(market, "metrics", folded.sweep_id)
    splits = folded.lake.catalog.arrow(
        "select * from splits where sweep_id = $1", [folded.sweep_id]
    ).to_pandas()
    tests = folded.walk_forward()
    seen = runs[(runs["role"] == "in_sample") & (runs["symbol"] == "AAA")]
    for split, of in splits.groupby("split"):
        trained = of.loc[of["role"] == "in_sample", "span"]
        mine = seen[seen["span"].isin(trained)].dropna(subset="sharpe")
        mine = mine.assign(weighted=mine["sharpe"] * mine["n_bars"])
        grouped = mine.groupby(["param_fast", "param_slow"])
        value = (grouped["weighted"].sum() / grouped["n_bars"].sum())[grouped["span"].count() == len(trained)]
        chosen = tests[(tests["split"] == split) & (tests["symbol"] == "AAA")]
        assert set(zip(chosen["param_fast"], chosen["param_slow"], strict=True)) == {value.idxmax()}
        assert np.allclose(chosen["in_sample_sharpe"], value.max(), rtol=1e-12)
        assert len(chosen) == 2, "two folds are tested"
    assert set(tests["path"]) == {1, 2, 3}
    curve = folded.stitched()
    bars = {"AAA": 900, "BBB": 600}
    for (symbol, path), own in curve.groupby(["symbol", "path"]):
        assert own["time"].is_unique, (symbol, path)
        assert len(own) == bars[symbol]
    shared = runs[runs["role"] == "out_of_sample"]
    assert len(shared) == len(shared.drop_duplicates("run_id")) <= len(tests)
    assert sum(map(len, shared["splits"])) == len(tests)


def test_its_runs_replay(market: Lake, rolled: Sweep, folded: Sweep) -> None:
    for sweep in (rolled, folded):
        runs = stored(market, "metrics", sweep.sweep_id)
        some = [*runs.groupby(["role", "symbol"])["run_id"].first(), *runs["run_id"][::40]]
        for replay in sl.replay(some, lake=market):
            assert replay.identical, replay


def test_one_choice_for_all_symbols(market: Lake, client: Client, write: Callable[..., Path]) -> None:
    sweep = sl.run(write(walk__toml=WALK.format(keys=ROLLING + "\n    per = []")), lake=market, client=client)
    tests = sweep.walk_forward()
    both = tests.groupby("split")[["param_fast", "param_slow"]].nunique()
    assert (both == 1).all().all()
    assert (tests.groupby("split")["symbol"].nunique() == 2).any()
    assert len(sweep.stitched()["symbol"].unique()) == 2


def test_full_runs_are_what_is_ranked_unless_asked(market: Lake, rolled: Sweep) -> None:
    lake = sl.open(market.url)
    assert lake.best(5, sweep=rolled.sweep_id).empty
    tested = lake.best(5, sweep=rolled.sweep_id, role="out_of_sample")
    assert set(tested["role"]) == {"out_of_sample"}
    assert len(lake.search(sweep=rolled.sweep_id, role="any", limit=0)) == rolled.outcome.runs


def test_spans_of_a_walk_hold_no_bar_of_each_other(market: Lake, rolled: Sweep) -> None:
    spans = spans_of(rolled)
    runs = stored(market, "metrics", rolled.sweep_id)
    for number, of in runs.groupby("span"):
        span = spans.loc[number]
        assert (of["period_start"] >= span.span_start).all()
        assert (of["period_end"] < span.span_end).all()
    tested = spans[spans["role"] == "out_of_sample"]
    trained = spans[spans["role"] == "in_sample"]
    gaps = tested["span_start"].to_numpy() - trained["span_end"].to_numpy()
    assert (gaps == np.timedelta64(timedelta(days=5))).all(), "five bars are purged"
