"""Sharpe ratios under doubt: the papers' own numbers, and the formulas written once more, otherwise."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.luck.sharpe import (
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    minimum_track_record,
    probabilistic_sharpe,
)

NORMAL = NormalDist()
DAYS = 250.0
PAPER = {"sharpe": 2.5 / math.sqrt(DAYS), "bars": 1250, "skew": -3.0, "kurtosis": 10.0}
"""The strategy of the 2014 paper's numerical example: five years of daily returns."""


def test_the_example_of_the_deflated_sharpe_ratio() -> None:
    variance = 0.5 / DAYS
    assert expected_maximum(100, variance) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(**PAPER, trials=100, variance=variance) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(**PAPER, trials=46, variance=variance) == pytest.approx(0.9505, abs=5e-5)


@pytest.mark.parametrize(("periods", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_the_examples_of_the_minimum_track_record(periods: int, years: float) -> None:
    yearly = math.sqrt(periods)
    found = minimum_track_record(2.0 / yearly, 0.0, 3.0, benchmark=1.0 / yearly)
    assert found / periods == pytest.approx(years, abs=5e-3)


def test_kurtosis_is_raw() -> None:
    assert probabilistic_sharpe(0.5, 101, 0.0, 3.0) == pytest.approx(NORMAL.cdf(5.0 / math.sqrt(1.125)))


@given(
    sharpe=st.floats(-0.3, 0.3),
    bars=st.integers(2, 5000),
    skew=st.floats(-3, 3),
    excess=st.floats(0.1, 20),
    trials=st.integers(2, 10**7),
    variance=st.floats(1e-8, 0.01),
)
def test_all_equal_an_implementation_of_others(
    sharpe: float, bars: int, skew: float, excess: float, trials: int, variance: float
) -> None:
    kurtosis = 1.0 + skew**2 + excess  # no distribution has less
    spread = math.sqrt((1.0 + (kurtosis - 1.0) * sharpe * sharpe / 4.0 - skew * sharpe) / (bars - 1))
    quantile, rare = (NORMAL.inv_cdf(1.0 - 1.0 / trials / scale) for scale in (1.0, math.e))
    highest = math.sqrt(variance) * ((1.0 - np.euler_gamma) * quantile + np.euler_gamma * rare)
    assert expected_maximum(trials, variance) == pytest.approx(highest, rel=1e-8)
    psr = NORMAL.cdf(sharpe / spread)
    assert probabilistic_sharpe(sharpe, bars, skew, kurtosis) == pytest.approx(psr, abs=1e-12)
    dsr = NORMAL.cdf((sharpe - highest) / spread)
    assert deflated_sharpe(sharpe, bars, skew, kurtosis, trials, variance) == pytest.approx(dsr, abs=1e-8)


@given(sharpe=st.floats(0.01, 0.3), skew=st.floats(-2, 2), excess=st.floats(0.1, 20))
def test_at_the_minimum_track_record_the_probability_is_the_confidence(
    sharpe: float, skew: float, excess: float
) -> None:
    kurtosis = 1.0 + skew**2 + excess
    bars = minimum_track_record(sharpe, skew, kurtosis, confidence=0.9)
    assert probabilistic_sharpe(sharpe, bars, skew, kurtosis) == pytest.approx(0.9)


def test_the_expected_maximum_is_near_what_draws_have() -> None:
    drawn = np.random.default_rng(7).normal(0.0, 0.02, (20_000, 200)).max(axis=1).mean()
    assert expected_maximum(200, 0.02**2) == pytest.approx(drawn, rel=0.01)


def test_one_trial_alone_is_expected_to_have_none() -> None:
    assert expected_maximum(1, 0.5) == 0.0
    grown = expected_maximum(np.linspace(1.0, 3.0, 50), 0.5)
    assert (np.diff(grown) >= 0.0).all()
    psr = probabilistic_sharpe(**PAPER)
    assert deflated_sharpe(**PAPER, trials=1, variance=0.5) == psr


def test_what_is_undefined_is_nan() -> None:
    assert np.isnan(probabilistic_sharpe(0.1, [0, 1], 0.0, 3.0)).all()
    assert np.isnan(probabilistic_sharpe(math.nan, 100, 0.0, 3.0))
    assert np.isnan(probabilistic_sharpe(1.0, 100, 2.0, 5.0))  # two values alone: its error is 0
    assert np.isnan(minimum_track_record([0.0, -0.1, math.nan], 0.0, 3.0)).all()
    assert np.isnan(expected_maximum([0.0, 0.5, math.nan], 0.5)).all()


def test_arrays_are_taken_whole() -> None:
    found = probabilistic_sharpe([[0.0], [0.1]], [100, 400, 900], 0.0, 3.0)
    assert found.shape == (2, 3)
    assert (found[0] == 0.5).all()
    assert (np.diff(found[1]) > 0.0).all()


def test_correlated_trials_are_worth_fewer() -> None:
    assert effective_trials(100, [0.0, 0.5, 1.0, -0.2]).tolist() == [100.0, 50.5, 1.0, 100.0]
