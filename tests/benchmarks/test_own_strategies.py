"""Strategies of one's own beside the built-in one of the same signals; and comparing beside its bound."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sweeps.execution.asked import compute_asked
from sweeps.execution.compute import compute
from sweeps.execution.scene import Scene
from sweeps.simulation.hopping.conditions import ROWS, conditions
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.packing import pack_conditions, words_of
from sweeps.strategies.registry import resolve
from tests.benchmarks.alone import scene_and_grid
from tests.benchmarks.cases import CASES, document_of
from tests.benchmarks.market import BARS, market

pytestmark = [pytest.mark.bench]

ROUNDS = 5
TOGETHER, CALLS = 64, 200
SIGNALS = document_of(CASES["SMA cross, signals only"])
OWN = {
    "plain": """
def plain(bars, ind, *, fast: int = 10, slow: int = 50):
    return ind.sma(fast) > ind.sma(slow)
""",
    "set_by_set": """
from sweeplake import strategy

@strategy(columns=False)
def set_by_set(bars, ind, *, fast: int = 10, slow: int = 50):
    return ind.sma(fast) > ind.sma(slow)
""",
    "with_above": """
from sweeplake import Above

def with_above(bars, ind, *, fast: int = 10, slow: int = 50):
    return Above(ind.sma(fast), ind.sma(slow))
""",
    "with_columns": """
from sweeplake import Above, strategy

@strategy(columns=True)
def with_columns(bars, ind, *, fast: int = 10, slow: int = 50):
    return Above(ind.sma(fast), ind.sma(slow))
""",
    "bar_by_bar": """
import sweeplake as sl

def averages(bars, ind, *, fast, slow):
    return {"fast": ind.sma(fast), "slow": ind.sma(slow)}

@sl.bar_by_bar(rows=averages)
def bar_by_bar(t, bars, rows, account, memory, *, fast: int = 10, slow: int = 50):
    return rows.fast[t] > rows.slow[t]
""",
}


@pytest.mark.parametrize("name", OWN)
def test_own_strategy_beside_the_built_in_one(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text(OWN[name])
    scene, grid = scene_and_grid(SIGNALS)
    cells = grid.survivors(0, grid.raw_size)
    own = resolve(f"{name}.py:{name}", tmp_path)
    few = cells[:: 50 if name == "bar_by_bar" else 1]
    computing = compute_asked if name == "bar_by_bar" else compute

    def mine() -> np.ndarray:
        return computing(Scene(own, scene.bars, scene.inputs), grid, few).metrics

    def built_in() -> np.ndarray:
        return compute(Scene(scene.strategy, scene.bars, scene.inputs), grid, cells).metrics

    np.testing.assert_allclose(mine(), built_in()[:: 50 if name == "bar_by_bar" else 1], rtol=1e-9, atol=1e-9)
    times = [(_seconds(mine), _seconds(built_in)) for _ in range(ROUNDS)]
    mine_s, built_in_s = (statistics.median(side) for side in zip(*times, strict=True))
    rate, beside = len(few) / mine_s, len(cells) / built_in_s
    print(f"\n{name:<20} {rate:>10,.0f} /s  built-in {beside:>10,.0f} /s  {rate / beside:.0%}")
    print(json.dumps({"name": name, "rate": rate, "built_in_rate": beside, "share": rate / beside}))


def test_share_of_the_bound() -> None:
    left, right = 100 + np.random.default_rng(1).normal(size=(2, BARS))
    asked = conditions((TOGETHER,))
    asked.kind[:], asked.left[:], asked.right[:] = ROWS, address(left), address(right)
    bits = np.empty((TOGETHER, words_of(BARS)), np.uint64)
    scene, grid = scene_and_grid(SIGNALS)
    cells = grid.survivors(0, grid.raw_size)

    def packing() -> None:
        for _ in range(CALLS):
            pack_conditions(asked, BARS, bits)

    def sweep() -> None:
        compute(Scene(scene.strategy, market(), scene.inputs), grid, cells)

    packing()
    sweep()
    bound = CALLS * TOGETHER * BARS / statistics.median(_seconds(packing) for _ in range(ROUNDS))
    reached = len(cells) * BARS / statistics.median(_seconds(sweep) for _ in range(ROUNDS))
    print(f"\npacking two cached rows {bound / 1e9:.1f} G bars/s, the sweep {reached / 1e9:.2f} G")
    print(json.dumps({"bound": bound, "reached": reached, "share": reached / bound}))


def _seconds(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun
