"""Sharpe ratios under doubt: how likely one is above another, and what the best of many is by luck alone.

Every Sharpe ratio here is one of bar returns, not annualised: the stored `sharpe` / sqrt(periods a year).
Kurtosis is raw (normal = 3). Arguments are numbers or arrays that broadcast; NaN is undefined, in and out.

Sources: Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15 (2012);
Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (2014).
"""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from queries.luck.verdict import CONFIDENCE

Floats = npt.NDArray[np.float64]
"""An array, or a number of NumPy's if all arguments are numbers."""


def probabilistic_sharpe(
    sharpe: npt.ArrayLike,
    bars: npt.ArrayLike,
    skew: npt.ArrayLike,
    kurtosis: npt.ArrayLike,
    benchmark: npt.ArrayLike = 0.0,
) -> Floats:
    """Return the probability that the true Sharpe ratio is above a benchmark (2012, equation 11).

    Args:
        sharpe: Observed Sharpe ratio of bar returns.
        bars: Returns that it was observed on.
        skew: Their skewness.
        kurtosis: Their kurtosis, raw.
        benchmark: Sharpe ratio of bar returns to beat.

    Returns:
        Fraction in [0, 1]; NaN for fewer than two bars, or where the ratio has no error of its own.
    """
    ahead, returns = _floats(sharpe) - _floats(benchmark), _floats(bars)
    root = np.sqrt(np.where(returns > 1.0, returns - 1.0, np.nan))
    found: Floats = ndtr(ahead * root / np.sqrt(_error(sharpe, skew, kurtosis)))
    return found


def minimum_track_record(
    sharpe: npt.ArrayLike,
    skew: npt.ArrayLike,
    kurtosis: npt.ArrayLike,
    benchmark: npt.ArrayLike = 0.0,
    confidence: float = CONFIDENCE,
) -> Floats:
    """Return the bars from which on a Sharpe ratio is above a benchmark with confidence (2012, equation 13).

    NaN where it is not above the benchmark, which no length of a record shows; arguments as above.
    """
    ahead = _floats(sharpe) - _floats(benchmark)
    needed = ndtri(confidence) / np.where(ahead > 0.0, ahead, np.nan)
    found: Floats = 1.0 + _error(sharpe, skew, kurtosis) * np.square(needed)
    return found


def expected_maximum(trials: npt.ArrayLike, variance: npt.ArrayLike) -> Floats:
    """Return the highest Sharpe ratio to expect of independent trials without any skill (2014, equation 1).

    The mean of the maximum of so many normal draws around 0, by extreme value theory.

    Args:
        trials: Independent trials; an effective number need not be whole. Below one NaN.
        variance: Variance of the trials' Sharpe ratios of bar returns.

    Returns:
        At least 0.0, which is what one trial alone is expected to have.
    """
    count = _floats(trials)
    share = 1.0 / np.where(count >= 1.0, count, np.nan)
    drawn = -(1.0 - np.euler_gamma) * ndtri(share) - np.euler_gamma * ndtri(share / np.e)
    found: Floats = np.sqrt(_floats(variance)) * np.maximum(drawn, 0.0)
    return found


def deflated_sharpe(
    sharpe: npt.ArrayLike,
    bars: npt.ArrayLike,
    skew: npt.ArrayLike,
    kurtosis: npt.ArrayLike,
    trials: npt.ArrayLike,
    variance: npt.ArrayLike,
) -> Floats:
    """Return the probability that the best of many trials is more than luck (2014, equation 2).

    That is, that its true Sharpe ratio is above the `expected_maximum`; arguments as above.
    """
    return probabilistic_sharpe(sharpe, bars, skew, kurtosis, expected_maximum(trials, variance))


def effective_trials(trials: npt.ArrayLike, correlation: npt.ArrayLike) -> Floats:
    """Return how many independent trials correlated ones are worth (2014, appendix A.3).

    Args:
        trials: Trials.
        correlation: Mean correlation of their bar returns; a negative one counts as 0.0.

    Returns:
        Between 1, if all are the same, and `trials`, if they have nothing in common.
    """
    shared = np.clip(_floats(correlation), 0.0, 1.0)
    return shared + (1.0 - shared) * _floats(trials)


def _error(sharpe: npt.ArrayLike, skew: npt.ArrayLike, kurtosis: npt.ArrayLike) -> Floats:
    """Return the variance of an observed Sharpe ratio, times bars - 1 (2012, equation 8); NaN if it is 0."""
    ratio = _floats(sharpe)
    error = 1.0 - _floats(skew) * ratio + (_floats(kurtosis) - 1.0) / 4.0 * np.square(ratio)
    return np.where(error > 0.0, error, np.nan)


def _floats(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, np.float64)
