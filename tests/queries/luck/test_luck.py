"""Is it luck: figures by hand on small lakes, and what is not there."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lake.lake import Lake
from queries.catalog import Catalog
from queries.errors import UnknownNameError
from queries.luck.best import pooled_shape
from queries.luck.cscv import sweep_overfitting
from queries.luck.luck import Luck, is_it_luck
from queries.luck.sharpe import deflated_sharpe, expected_maximum, minimum_track_record, probabilistic_sharpe
from queries.luck.trials import sweep_trials
from queries.luck.verdict import verdict
from tests.queries.conftest import put_runs, put_sweep
from tests.queries.luck.conftest import SWEEP, YEAR, noise, put_returns, returns_rows


def asked(lake: Lake, **options: Any) -> dict[str, Luck]:
    with Catalog(lake) as catalog:
        found = is_it_luck(catalog, SWEEP, **{"halves": sweep_overfitting, **options})
    return {luck.symbol: luck for luck in found}


def test_a_symbol_has_the_figures_of_its_best_run(lake: Lake) -> None:
    returns = noise(1, 20)
    put_returns(lake, {"A": returns})
    ratios = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
    best, count = int(ratios.argmax()), 20 * 0.75 + 0.25
    shape = float(stats.skew(returns[best])), float(stats.kurtosis(returns[best], fisher=False))
    found = asked(lake, correlations={"A": 0.25})
    assert found.keys() == {"A"}
    luck = found["A"]
    assert luck.run_ids == (f"{65:016x}{best:016x}",)
    assert luck.sharpe == pytest.approx(ratios[best] * math.sqrt(YEAR))
    assert (luck.trials, luck.n_bars, luck.left_out) == (20, 640, 0)
    assert luck.effective_trials == pytest.approx(count)
    variance = ratios.var(ddof=1)
    assert luck.expected_maximum == pytest.approx(expected_maximum(count, variance))
    assert luck.psr == pytest.approx(probabilistic_sharpe(ratios[best], 640, *shape), abs=1e-6)
    assert luck.dsr == pytest.approx(deflated_sharpe(ratios[best], 640, *shape, count, variance), abs=1e-6)
    assert luck.least_bars == pytest.approx(minimum_track_record(ratios[best], *shape), rel=1e-5)
    assert luck.overfitting is not None
    assert luck.overfitting.runs == 20
    assert luck.to_document()["verdict"] == luck.verdict


def test_the_answer_over_all_is_of_all_bars_together(lake: Lake) -> None:
    a, b = noise(1, 20), 2.0 * noise(2, 20)
    put_returns(lake, {"A": a, "B": b, "C": noise(3, 20, 320)})
    together = np.hstack([a, b])
    ratios = together.mean(axis=1) / together.std(axis=1)
    best = int(ratios.argmax())
    luck = asked(lake)[""]
    assert (luck.symbols, luck.left_out, luck.trials) == (("A", "B"), 1, 20)
    assert luck.run_ids == (f"{65:016x}{best:016x}", f"{66:016x}{best:016x}")
    assert luck.bar_sharpe == pytest.approx(ratios[best])
    shape = stats.skew(together[best]), stats.kurtosis(together[best], fisher=False)
    assert luck.psr == pytest.approx(probabilistic_sharpe(ratios[best], 640, *shape), abs=1e-6)


def test_shapes_pool_as_the_returns_do() -> None:
    rng = np.random.default_rng(5)
    parts = [scale * rng.exponential(1.0, 300) + shift for scale, shift in ((1, 0), (3, -1), (0, 0))]
    rows = [
        {
            "bar_mean": part.mean(),
            "bar_std": part.std(ddof=1),
            "skew": None if part.std() == 0.0 else stats.skew(part),
            "kurtosis": None if part.std() == 0.0 else stats.kurtosis(part, fisher=False),
            "n_bars": 300,
        }
        for part in parts
    ]
    skew, kurtosis = pooled_shape(rows)
    together = np.concatenate(parts)
    assert skew == pytest.approx(stats.skew(together))
    assert kurtosis == pytest.approx(stats.kurtosis(together, fisher=False))
    assert pooled_shape([rows[0] | {"skew": None}]) == (None, None)
    assert pooled_shape([rows[2]]) == (None, None)


def test_one_symbol_can_be_asked_for(lake: Lake) -> None:
    put_returns(lake, {"A": noise(1, 5), "B": noise(2, 5)})
    assert asked(lake, symbol="B").keys() == {"B"}
    assert asked(lake).keys() == {"A", "B", ""}
    assert asked(lake, halves=None)["A"].overfitting is None
    with pytest.raises(UnknownNameError, match='unknown symbol "C"'):
        asked(lake, symbol="C")
    with pytest.raises(UnknownNameError, match="unknown sweep"):
        is_it_luck(Catalog(lake), "none")


def test_runs_that_never_trade_are_no_answer(lake: Lake) -> None:
    put_returns(lake, {"A": np.zeros((3, 64))})
    assert asked(lake) == {}


def test_one_trial_is_not_deflated(lake: Lake) -> None:
    put_returns(lake, {"A": noise(1, 1)})
    luck = asked(lake)["A"]
    assert luck.dsr == luck.psr
    assert luck.overfitting is None
    assert "only trial" in luck.verdict


def test_trials_of_the_whole_lake_raise_the_bar(lake: Lake) -> None:
    put_returns(lake, {"A": noise(1, 20), "B": noise(2, 20)})
    put_returns(lake, {"A": noise(3, 200), "B": noise(4, 200)}, sweep="20260103-more", first=20)
    alone, beside = asked(lake), asked(lake, trials="lake")
    for name in ("A", "B", ""):
        assert (alone[name].trials, beside[name].trials) == (20, 220)
        assert alone[name].run_ids == beside[name].run_ids


def test_trials_that_a_policy_removed_still_count(lake: Lake) -> None:
    returns = noise(1, 20)
    put_returns(lake, {"A": returns})
    before = asked(lake)["A"]
    with Catalog(lake) as catalog:
        kept = sweep_trials(catalog, SWEEP)
    other = "20260105-kept"
    put_runs(lake, "cross", "A", returns_rows(returns[[int(before.run_ids[0][16:], 16)]], 65, sweep=other))
    put_sweep(lake, other, "cross", trials=kept.to_text())
    with Catalog(lake) as catalog:
        (after,) = is_it_luck(catalog, other, halves=sweep_overfitting)
    assert after.overfitting is None
    same = replace(before, overfitting=None, run_ids=after.run_ids)
    assert after == same


def test_without_block_statistics_the_halves_are_not_asked(lake: Lake) -> None:
    put_sweep(lake, SWEEP, "cross")
    rows = returns_rows(noise(1, 4), 65)
    put_runs(lake, "cross", "A", rows.slice(0, 2))
    put_runs(lake, "cross", "A", rows.slice(2).drop_columns(["block_sums", "block_sumsqs"]))
    luck = asked(lake)["A"]
    assert luck.overfitting is None
    assert luck.dsr is not None


def test_the_verdict_says_it_in_one_sentence() -> None:
    assert verdict(19_900, 1.49, 1.52, 0.41, 0.62) == (
        "Of 19,900 trials the best Sharpe ratio, 1.49 a year, is what luck alone gives: "
        "without skill 1.52 is expected, which it truly exceeds with probability 0.41, "
        "and the best on one half of the window is no better than the median on the other in 62% of cases."
    )
    assert "may be luck: without skill 1.20" in verdict(100, 1.5, 1.2, 0.8, None)
    assert "is more than luck alone gives" in verdict(100, 3.0, 1.2, 0.99, 0.01)
    assert ", but the best on one half" in verdict(100, 3.0, 1.2, 0.99, 0.7)
    assert "cannot be judged" in verdict(100, 3.0, 1.2, None, 0.7)
