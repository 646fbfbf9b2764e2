"""What a block computes is what each set, asked alone, gives in the reference loop."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweeps.bars.frame import Bars
from sweeps.execution.compute import compute
from sweeps.execution.context import Place, PlaceInputs
from sweeps.execution.scene import Scene
from sweeps.execution.signal_sets import settings_of
from sweeps.simulation import engine
from sweeps.simulation.hopping.packing import Unpacked
from sweeps.simulation.kernel import METRIC_NAMES, simulate
from sweeps.simulation.window import SignalSet
from sweeps.spec.binding import bind
from sweeps.spec.config import parse_config
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.registry import resolve
from tests.sweeps.simulation.test_engine_equals_loop import assert_metrics_equal

BARS, CELLS = 1500, 300
OWN = """
import sweeplake as sl


@sl.strategy(short=True, columns=True)
def sides(bars, ind, *, fast: int = 10, slow: int = 50):
    up, down = sl.Above(ind.sma(fast), ind.sma(slow)), sl.Above(ind.sma(slow), ind.sma(fast))
    return up, down, down, up


@sl.strategy(short=True, columns=True)
def gaps(bars, ind, *, fast: int = 10, slow: int = 50):
    return ind.sma(fast, of="gaps") > ind.sma(slow)


@sl.strategy(columns=True)
def spiked(bars, ind, *, fast: int = 10, slow: int = 50):
    return ind.sma(fast, of="spiked") > ind.sma(slow)


@sl.strategy(columns=True)
def known_late(bars, ind, *, fast: int = 10, slow: int = 50):
    return ind.highest(fast, of="late") > ind.sma(slow)
"""


def bars_with_gaps() -> Bars:
    rng = np.random.default_rng(1)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, BARS))), 2)
    close[300:420] = close[300]
    more = {name: close.copy() for name in ("gaps", "spiked", "late")}
    more["gaps"][rng.random(BARS) < 0.005] = np.nan
    more["spiked"][[200, 512, 900]] *= [1000.0, -5.0, np.inf]
    more["late"][:333] = np.nan
    times = np.arange(BARS) * 3_600_000_000
    return Bars("X", "1h", times, close, close * 1.01, close * 0.99, close, np.ones(BARS), more)


def scene_of(folder: Path, name: str, start: int, **more: Any) -> tuple[Scene, Any]:
    (folder / "own.py").write_text(OWN)
    document = {
        "name": "test", "symbols": ["X"], "timeframe": "1h", "strategy": name,
        "grid": {"fast": {"start": 2, "stop": 20, "step": 1}, "slow": {"start": 21, "stop": 40, "step": 1}},
        "execution": {"fill": "close", "fee_bps": 5.0, **more},
    }  # fmt: skip
    config, bars = parse_config(document, "test"), bars_with_gaps()
    strategy, moment = resolve(config.strategy, folder), bars.opens_at(0)
    inputs = PlaceInputs(Place("X"), "", 1, 252.0, start, BARS - start, (moment, moment))
    return Scene(strategy, bars, inputs), bind(config, strategy.parameters)


@pytest.mark.parametrize("whole", [20_000, 500])
@pytest.mark.parametrize("start", [0, 37])
@pytest.mark.parametrize(
    ("name", "direction"),
    [
        *product(("sides", "gaps"), (["long"], ["long", "short"], ["short", "both"])),
        ("spiked", ["long"]),
        ("known_late", ["long"]),
    ],
)
def test_every_run_is_that_of_its_set_alone(
    name: str, direction: list[str], start: int, whole: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WHOLE_BARS", whole)
    monkeypatch.setattr(engine, "TILE_BARS", 192)
    packed_late: list[Unpacked] = []
    reads = engine.Batch.reads.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(
        engine.Batch, "reads", property(lambda batch: (packed_late.append(batch.unpacked), reads(batch))[1])
    )
    scene, grid = scene_of(tmp_path, f"own.py:{name}", start, direction=direction)
    cells = grid.survivors(0, grid.raw_size)
    cells = np.sort(np.random.default_rng(0).choice(cells, CELLS, replace=False))
    found = compute(scene, grid, cells)
    assert any(len(one.coarse) for one in packed_late), "rows were cut"
    settings = settings_of(grid, cells, scene.inputs.periods_per_year)
    traded = METRIC_NAMES.index("num_trades")
    assert found.metrics[:, traded].sum() > CELLS
    for place, cell in enumerate(cells):
        row = grid.row(int(cell))
        given = {parameter.name: row[parameter.name] for parameter in scene.strategy.parameters}
        said = evaluate(scene.strategy, scene.indicators, given, row["direction"], start)
        alone = simulate(scene.window, SignalSet(said.events), settings[place : place + 1], 252.0)
        assert_metrics_equal(found.metrics[place], alone.metrics[0], str(row))
        assert found.metrics[place, traded] == alone.metrics[0, traded]
