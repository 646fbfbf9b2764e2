"""Calibration: noise is called luck, and a planted strategy is not, over seeds that are fixed."""

from collections.abc import Mapping

import numpy as np
import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from queries.luck.cscv import sweep_overfitting
from queries.luck.luck import Luck, is_it_luck
from queries.luck.sharpe import CONFIDENCE
from tests.queries.conftest import put_runs, put_sweep
from tests.queries.luck.conftest import YEAR, noise, returns_rows

RUNS = 100
TEN_YEARS = 2520
PLANTED = 7


def judged(lake: Lake, returns: Mapping[int, np.ndarray]) -> list[Luck]:
    """The answers of one lake that has a sweep for each seed."""
    for seed, drawn in returns.items():
        put_sweep(lake, f"seed-{seed:03}", "cross")
        put_runs(lake, "cross", "A", returns_rows(drawn, 65, sweep=f"seed-{seed:03}"))
    with Catalog(lake) as catalog:
        return [
            luck
            for seed in returns
            for luck in is_it_luck(catalog, f"seed-{seed:03}", halves=sweep_overfitting)
        ]


def planted(seed: int) -> np.ndarray:
    """Ten years of noise, and among it a strategy with a true Sharpe ratio of 3 a year."""
    drawn = noise(seed, RUNS, TEN_YEARS)
    drawn[PLANTED] += 0.01 * 3.0 / np.sqrt(YEAR)
    return drawn


def pbos(found: list[Luck]) -> np.ndarray:
    return np.array([luck.overfitting.pbo for luck in found if luck.overfitting is not None])


def check_noise(lake: Lake, seeds: int) -> None:
    found = judged(lake, {seed: noise(seed, RUNS, TEN_YEARS) for seed in range(seeds)})
    assert len(pbos(found)) == seeds
    assert 0.4 <= pbos(found).mean() <= 0.65
    shown = sum(luck.dsr is not None and luck.dsr > CONFIDENCE for luck in found)
    assert shown <= 0.05 * seeds


def check_planted(lake: Lake, seeds: int) -> None:
    found = judged(lake, {seed: planted(seed) for seed in range(seeds)})
    assert (pbos(found) < 0.1).sum() >= 0.95 * seeds
    for luck in found:
        assert luck.run_ids == (f"{65:016x}{PLANTED:016x}",)
        assert "is more than luck alone gives" in luck.verdict


def test_noise_is_luck(lake: Lake) -> None:
    check_noise(lake, 20)


def test_a_planted_strategy_is_found(lake: Lake) -> None:
    check_planted(lake, 8)


@pytest.mark.soak
def test_noise_is_luck_over_fifty_seeds(lake: Lake) -> None:
    check_noise(lake, 50)


@pytest.mark.soak
def test_a_planted_strategy_is_found_over_fifty_seeds(lake: Lake) -> None:
    check_planted(lake, 50)
