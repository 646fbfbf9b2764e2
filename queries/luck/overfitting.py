"""Overfitting: what cross-validation tells of choosing the best run of a grid."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Overfitting:
    """What the halves of a window tell of choosing the best run of a grid.

    Attributes:
        runs: Runs that took part.
        splits: Halves that chose a run: 12,870, unless no run has a Sharpe ratio on some.
        pbo: Probability of backtest overfitting: the share of halves whose choice is no better than the
            median of all runs on the other half.
        logits: Quantiles of ln(rank / (1 - rank)) of the choices on the other half, by probability, where
            rank is the place from the worst / (runs + 1), and equal runs share the mean of their places.
        loss: Probability of loss: the share of choices whose Sharpe ratio on the other half is below 0.
        slope: Of the choices' Sharpe ratios on the other half over those in sample, by least squares; below 0
            the better in sample, the worse afterwards. None if those in sample are all equal.
        intercept: Likewise; a ratio a year.
        in_sample: Mean Sharpe ratio a year of the choices where they were chosen.
        out_of_sample: Likewise on the other half.
        dominance: Order of the stochastic dominance of the choices over all runs, by Sharpe ratios where they
            were not chosen: 1 if choosing is better for whoever likes more, 2 if for whoever shuns risk, too;
            None if a blind draw is not beaten so. Of many runs 512 stand for all.
    """

    runs: int
    splits: int
    pbo: float
    logits: Mapping[float, float]
    loss: float
    slope: float | None
    intercept: float | None
    in_sample: float
    out_of_sample: float
    dominance: int | None

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"logits": {f"p{100 * share:02.0f}": at for share, at in self.logits.items()}}
