"""Contests: ours against a peer in one process on one core; results are compared before times are."""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

ROUNDS = 3


@dataclass(frozen=True)
class Verdict:
    """Medians of a contest.

    Attributes:
        name: What was computed.
        runs: Backtests in one go.
        ours_seconds: Median time of ours.
        peer_seconds: Median time of the peer for as many backtests.
        ours_rate: Backtests a second.
        peer_rate: Backtests a second.
        ratio: ours_rate / peer_rate.
    """

    name: str
    runs: int
    ours_seconds: float
    peer_seconds: float
    ours_rate: float
    peer_rate: float
    ratio: float


def contest(
    name: str,
    ours: Callable[[], Mapping[str, np.ndarray]],
    peer: Callable[[], Mapping[str, np.ndarray]],
    *,
    runs: int,
    peer_runs: int | None = None,
    within: float = 1e-9,
) -> Verdict:
    """Compare results, then time both in turn, and print the verdict.

    Args:
        name: What is computed.
        ours: Returns our metrics, each of shape (runs,).
        peer: Returns the peer's, each of shape (peer_runs,): the first of ours.
        runs: Backtests of ours in one call.
        peer_runs: Backtests of the peer in one call, if it is too slow for all.
        within: Largest difference, relative to max(1, |peer|), where both are finite.
    """
    fewer = runs if peer_runs is None else peer_runs
    mine, theirs = ours(), peer()
    for metric, values in theirs.items():
        held = mine[metric][:fewer]
        both = np.isfinite(held) & np.isfinite(values)
        assert both.any(), metric
        off = np.abs(held - values)[both] / np.maximum(1.0, np.abs(values[both]))
        assert off.max() <= within, f"{name}: {metric} differs by {off.max()}"
    times = [(_seconds(ours), _seconds(peer)) for _ in range(ROUNDS)]
    mine_s, theirs_s = (statistics.median(side) for side in zip(*times, strict=True))
    rate, peer_rate = runs / mine_s, fewer / theirs_s
    verdict = Verdict(name, runs, mine_s, runs / peer_rate, rate, peer_rate, rate / peer_rate)
    print(f"\n{name:<44} {rate:>10,.0f} /s  peer {peer_rate:>7,.0f} /s  x {verdict.ratio:,.0f}")
    print(json.dumps(asdict(verdict)))
    return verdict


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
