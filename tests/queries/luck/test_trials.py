"""Trials: counts, means and variances, of symbols and over all, there and kept."""

import numpy as np
import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from queries.luck import trials
from queries.luck.trials import SweepTrials, Trials, pooled_symbols, strategy_trials, sweep_trials
from tests.queries.luck.conftest import SWEEP, noise, put_returns


def ratios(returns: np.ndarray, ddof: int = 1) -> np.ndarray:
    return returns.mean(axis=1) / returns.std(axis=1, ddof=ddof)


def test_each_symbol_has_its_own(lake: Lake) -> None:
    a, b = noise(1, 9), noise(2, 5)
    b[0] = 0.0  # it never trades, and is no trial
    put_returns(lake, {"A": a, "B": b})
    found = sweep_trials(Catalog(lake), SWEEP).symbols
    assert {symbol: trials.trials for symbol, trials in found.items()} == {"A": 9, "B": 4}
    assert found["A"].mean == pytest.approx(ratios(a).mean())
    assert found["A"].variance == pytest.approx(ratios(a).var(ddof=1))
    assert found["B"].variance == pytest.approx(ratios(b[1:]).var(ddof=1))


def test_overall_is_of_all_symbols_bars_together(lake: Lake) -> None:
    a, b = noise(1, 6), 3.0 * noise(2, 6)
    b[0] = 0.0
    a[1], b[1] = 0.0, 0.0
    put_returns(lake, {"A": a, "B": b})
    found = sweep_trials(Catalog(lake), SWEEP)
    together = ratios(np.hstack([a, b])[[0, 2, 3, 4, 5]], ddof=0)
    assert found.pooled == ("A", "B")
    assert found.overall is not None
    assert found.overall.trials == 5
    assert found.overall.mean == pytest.approx(together.mean())
    assert found.overall.variance == pytest.approx(together.var(ddof=1))


def test_of_very_many_settings_a_part_tells_how_all_spread(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_returns(lake, {"A": noise(1, 400), "B": noise(2, 400)})
    with Catalog(lake) as catalog:
        whole = sweep_trials(catalog, SWEEP).overall
        monkeypatch.setattr(trials, "POOLED_SETTINGS", 100)
        part = sweep_trials(catalog, SWEEP).overall
    assert whole is not None
    assert part is not None
    assert whole.trials == 400
    assert part.trials % 4 == 0
    assert part.trials == pytest.approx(400, rel=0.4)
    assert part != whole
    assert part.variance == pytest.approx(whole.variance, rel=0.5)


def test_settings_that_lack_a_symbol_are_not_judged_over_all(lake: Lake) -> None:
    put_returns(lake, {"A": noise(1, 6), "B": noise(2, 4)})
    overall = sweep_trials(Catalog(lake), SWEEP).overall
    assert overall is not None
    assert overall.trials == 4


def test_only_the_largest_group_of_one_window_is_taken_together(lake: Lake) -> None:
    put_returns(lake, {"A": noise(1, 2), "B": noise(2, 2, 320), "C": noise(3, 2), "D": noise(4, 2, 320)})
    assert pooled_symbols(Catalog(lake), SWEEP) == ("A", "C")  # of two pairs the one of more bars
    put_returns(lake, {"E": noise(5, 2, 320)})
    assert pooled_symbols(Catalog(lake), SWEEP) == ("B", "D", "E")


def test_symbols_of_different_windows_have_nothing_overall(lake: Lake) -> None:
    put_returns(lake, {"A": noise(1, 2), "B": noise(2, 2, 320)})
    found = sweep_trials(Catalog(lake), SWEEP)
    assert (found.pooled, found.overall) == ((), None)


def test_trials_of_a_lake_count_each_run_once(lake: Lake) -> None:
    first, second = noise(1, 6), noise(2, 4)
    put_returns(lake, {"A": first, "B": first})
    put_returns(lake, {"A": first, "B": first}, sweep="20260103-again")
    put_returns(lake, {"A": second, "B": second}, sweep="20260104-more", first=6)
    with Catalog(lake) as catalog:
        found = strategy_trials(catalog, "cross", "1d", ["A"], ["A", "B"])
        none = strategy_trials(catalog, "cross", "1h", ["A"], [])
    both = ratios(np.vstack([first, second]))
    assert found.symbols.keys() == {"A"}
    assert found.symbols["A"].trials == 10
    assert found.symbols["A"].variance == pytest.approx(both.var(ddof=1))
    assert found.overall is not None
    assert found.overall.trials == 10
    assert none == SweepTrials()


def test_without_runs_there_is_nothing(lake: Lake) -> None:
    assert sweep_trials(Catalog(lake), SWEEP) == SweepTrials()


def test_one_run_has_no_variance(lake: Lake) -> None:
    put_returns(lake, {"A": noise(1, 1)})
    trials = sweep_trials(Catalog(lake), SWEEP).symbols["A"]
    assert (trials.trials, trials.variance) == (1, None)


def test_what_was_kept_counts_where_more_is_told_of() -> None:
    many, few, one = Trials(9, 0.1, 0.2), Trials(3, 0.3, 0.4), Trials(1, 0.5, None)
    there = SweepTrials({"A": few, "B": many}, ("A", "B"), few)
    kept = SweepTrials({"A": many, "B": few, "C": one}, ("A", "B", "C"), many)
    assert there.most(kept) == SweepTrials({"A": many, "B": many, "C": one}, ("A", "B", "C"), many)
    assert there.most(SweepTrials()) == there
    assert SweepTrials.from_text(kept.to_text()) == kept
    assert SweepTrials.from_text(there.most(SweepTrials()).to_text()) == there
    assert SweepTrials.from_text(None) == SweepTrials()
