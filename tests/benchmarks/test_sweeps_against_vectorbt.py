"""Whole grids on 10,000 bars, close fills: a block as a worker computes it, against vectorbt on our signals.

Ours is timed from the grid to 31 metrics and 32 block statistics a run, the strategy's calls and indicators
included; the peer from ready signals to five metrics, in chunks of 128 columns, which is its fastest.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweeps.execution.compute import compute
from sweeps.execution.context import SymbolInputs
from sweeps.execution.scene import Scene
from sweeps.simulation.metrics import METRIC_NAMES
from sweeps.spec.binding import bind
from sweeps.spec.config import parse_config
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.registry import resolve
from tests.benchmarks.contest import contest
from tests.benchmarks.market import BARS, market
from tests.crosscheck.vectorbt_peer import CHUNK, peer_runs

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

COMPARED = ("total_return", "max_drawdown", "num_trades", "win_rate", "sharpe")
COSTS = {"fill": "close", "fee_bps": 5.0}
CROSS = {"fast": {"start": 1, "stop": 199, "step": 1}, "slow": {"start": 2, "stop": 200, "step": 1}}
FEW = {"fast": {"start": 5, "stop": 50, "step": 5}, "slow": {"start": 60, "stop": 250, "step": 10}}
MANY_EXITS = {
    "stop_loss": {"start": 0.01, "stop": 0.1, "step": 0.01},
    "take_profit": {"start": 0.02, "stop": 0.2, "step": 0.02},
}
RSI = {
    "rsi_period": [5, 7, 9, 11, 14, 17, 20, 25],
    "oversold": {"start": 15, "stop": 40, "step": 1},
    "overbought": {"start": 60, "stop": 85, "step": 1},
}
BOLLINGER = {
    "window": {"start": 10, "stop": 100, "step": 10},
    "entry_z": {"start": 1.0, "stop": 3.0, "step": 0.1},
    "k_sl": [1000.0],
}
PEER_EXITS = (("stop_loss", "sl_stop"), ("trailing_stop", "sl_stop"), ("take_profit", "tp_stop"))
CASES: dict[str, dict[str, Any]] = {
    "SMA cross, signals only": {"strategy": "sma_cross", "grid": CROSS, "where": "fast < slow"},
    "SMA cross, stop and target": {
        "strategy": "sma_cross",
        "grid": CROSS,
        "where": "fast < slow",
        "exits": {"stop_loss": 0.05, "take_profit": 0.1},
    },
    "SMA cross, trailing stop and target": {
        "strategy": "sma_cross",
        "grid": CROSS,
        "where": "fast < slow",
        "exits": {"trailing_stop": 0.05, "take_profit": 0.1},
    },
    "SMA cross, long and short": {
        "strategy": "sma_cross",
        "grid": CROSS,
        "where": "fast < slow",
        "execution": {"direction": "both"},
    },
    "200 crosses x 10 stops x 10 targets": {"strategy": "sma_cross", "grid": FEW, "exits": MANY_EXITS},
    "RSI mean reversion": {"strategy": "rsi_meanrev", "grid": RSI},
    "Bollinger bands": {"strategy": "bollinger_atr", "grid": BOLLINGER},
}


@pytest.mark.parametrize("name", CASES)
def test_sweep_against_vectorbt(name: str) -> None:
    case = CASES[name]
    document = {"name": name, "symbols": ["X"], "timeframe": "1h", **case}
    document["execution"] = COSTS | case.get("execution", {})
    config = parse_config(document, "benchmark")
    strategy, bars = resolve(config.strategy, Path()), market()
    moment = bars.opens_at(0)
    inputs = SymbolInputs("X", "", 1, 252.0, 0, BARS, (moment, moment))
    scene = Scene(strategy, bars, inputs)
    grid = bind(config, strategy.parameters)
    cells = np.concatenate(list(grid.chunks()))
    sample = np.sort(np.random.default_rng(2).choice(len(cells), min(CHUNK, len(cells)), replace=False))
    rows = [grid.row(int(cell)) for cell in cells[sample]]
    direction = rows[0]["direction"]
    names = [parameter.name for parameter in strategy.parameters]
    said = [
        evaluate(strategy, scene.indicators, {n: row[n] for n in names}, direction).events for row in rows
    ]
    codes = np.column_stack(said)
    columns = {
        key: (codes & bit) > 0
        for key, bit in (("entries", 1), ("short_entries", 2), ("exits", 4), ("short_exits", 8))
    }

    def ours() -> dict[str, np.ndarray]:
        found = compute(Scene(strategy, bars, inputs), grid, cells).metrics
        return {metric: found[:, METRIC_NAMES.index(metric)] for metric in COMPARED}

    def peer() -> dict[str, np.ndarray]:
        options: dict[str, Any] = {"init_cash": 100_000.0, "fees": 5e-4}
        for setting, option in (
            ("stop_loss", "sl_stop"),
            ("trailing_stop", "sl_stop"),
            ("take_profit", "tp_stop"),
        ):
            values = np.array([row[setting] if row[setting] is not None else np.nan for row in rows])
            if not np.isnan(values).all():
                options[option] = values[None, :]
        options["sl_trail"] = rows[0]["trailing_stop"] is not None
        found = peer_runs(scene.window, columns, **options)
        return {metric: found[metric] for metric in COMPARED}

    contest(name, ours, peer, sample)
