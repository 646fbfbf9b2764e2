"""Contests: ours against a peer in one process on one core; results are compared before times are."""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

ROUNDS = 15
Metrics = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Verdict:
    """Medians of a contest, processor time.

    Attributes:
        name: What was computed.
        runs: Backtests of ours in one go.
        peer_runs: Backtests of the peer in one go, a sample of ours.
        ours_rate: Backtests a second.
        peer_rate: Backtests a second.
        ratio: Median of the rounds' ratios: the two of a round stand side by side, so that a machine which is
            slower for a while slows both.
        ratio_low: Their lower quartile.
        ratio_high: Their upper quartile.
    """

    name: str
    runs: int
    peer_runs: int
    ours_rate: float
    peer_rate: float
    ratio: float
    ratio_low: float
    ratio_high: float


def contest(
    name: str,
    ours: Callable[[], Metrics],
    peer: Callable[[], Metrics],
    sample: np.ndarray,
    within: float = 1e-9,
) -> Verdict:
    """Compare results, then time both in turn, and print the verdict.

    Args:
        name: What is computed.
        ours: Returns our metrics, each of shape (runs,).
        peer: Returns the peer's of a sample of the runs, each of shape (len(sample),).
        sample: Which of our runs the peer computes.
        within: Largest difference, relative to max(1, |peer|), where both are finite.
    """
    mine, theirs = ours(), peer()
    for metric, values in theirs.items():
        held = mine[metric][sample]
        both = np.isfinite(held) & np.isfinite(values)
        assert both.mean() > 0.5, metric
        off = np.abs(held - values)[both] / np.maximum(1.0, np.abs(values[both]))
        assert off.max() <= within, f"{name}: {metric} differs by {off.max()}"
    times = [(_seconds(ours), _seconds(peer)) for _ in range(ROUNDS)]
    runs = len(next(iter(mine.values())))
    rates = [(runs / ours_s, len(sample) / peer_s) for ours_s, peer_s in times]
    rate, peer_rate = (statistics.median(side) for side in zip(*rates, strict=True))
    low, ratio, high = statistics.quantiles([one / other for one, other in rates], n=4)
    verdict = Verdict(name, runs, len(sample), rate, peer_rate, ratio, low, high)
    print(
        f"\n{name:<44} {rate:>10,.0f} /s  peer {peer_rate:>7,.0f} /s"
        f"  x {ratio:,.0f}  (quartiles {low:,.0f} to {high:,.0f})"
    )
    print(json.dumps(asdict(verdict)))
    return verdict


def _seconds(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun
