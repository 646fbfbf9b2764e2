"""Dominance: whether what is chosen in sample does better out of sample than runs that are drawn blindly."""

from dataclasses import dataclass, field

import numpy as np

from queries.luck.halves import BLOCKS, PAIRS, Floats, Hashes, Singles, evaluate_all, sharpe_of

MOST_RUNS = 512
"""So many runs stand for all, those of the lowest keys: a draw that is the same everywhere."""
_ROUNDING = 1e-12
"""Sums may differ by so much of themselves in their last digits."""


def _nothing() -> Singles:
    return np.empty((0, BLOCKS), np.float32)


@dataclass
class Drawn:
    """Block statistics of the runs of the lowest keys among all that were added.

    Attributes:
        keys: What tells runs apart, shape (runs,).
        sums: Sums of bar returns by block, shape (runs, 16).
        squares: Sums of their squares, likewise.
    """

    keys: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    sums: Singles = field(default_factory=_nothing)
    squares: Singles = field(default_factory=_nothing)

    def add(self, keys: Hashes, sums: Singles, squares: Singles) -> None:
        """Take over those of some more runs that are among the lowest."""
        everything = np.concatenate([self.keys, keys])
        lowest = np.argsort(everything, kind="stable")[:MOST_RUNS]
        self.keys = everything[lowest]
        self.sums = np.concatenate([self.sums, sums])[lowest]
        self.squares = np.concatenate([self.squares, squares])[lowest]

    def sharpes(self, bars: Floats) -> Floats:
        """Return their Sharpe ratios on the other half of each half, shape (6435, 2, runs); 0.0 without one.

        Args:
            bars: As `bars_of`.
        """
        made = np.empty((*PAIRS.shape, len(self.keys)))
        evaluate_all(self.sums, self.squares, PAIRS, bars, made)
        return sharpe_of(made, bars[..., None])[:, ::-1]


def dominance(chosen: Floats, others: Floats) -> int | None:
    """Return the order of stochastic dominance of what was chosen over all that there was.

    First order: it is as likely as a run that is drawn blindly to be above any value, and above some more
    likely, which whoever likes more prefers. Second order: the same of the mean of its worst outcomes, of
    whatever share, which whoever shuns risk prefers, too.

    Source: Bailey, Borwein, Lopez de Prado, Zhu (2015), on stochastic dominance. Quantiles are compared: as
    there are equally many others to each choice, the n-th worst choice stands beside the n-th group of all
    others in order; the ends of the groups tell what holds between them.

    Args:
        chosen: Out-of-sample values of the choices, shape (splits,).
        others: Those of all runs, or of some, on the same splits, shape (splits, runs).

    Returns:
        1 (and so 2), 2, or None for neither.
    """
    placed = np.sort(chosen)
    levels = np.sort(others, axis=None).reshape(others.shape)
    if (levels == placed[:, None]).all():
        return None
    if (placed >= levels[:, -1]).all():
        return 1
    ahead = np.cumsum(placed - levels.mean(axis=1))
    slack = _ROUNDING * np.abs(levels).sum() / others.shape[1]
    return 2 if (ahead >= -slack).all() else None
