"""What runs beside nothing else, in two processes at once: the bare kernel, and vectorbt."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.execution.compute import compute
from sweeps.execution.context import Place, PlaceInputs
from sweeps.execution.scene import Scene
from sweeps.simulation.metric_names import METRIC_NAMES
from sweeps.spec.binding import bind
from sweeps.spec.config import parse_config
from sweeps.spec.grid import Grid
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.registry import resolve
from tests.benchmarks.market import market

PROCESSES = 2
SECONDS = 8.0
CHUNK = 128  # vectorbt's fastest; unchunked it needs gigabytes
COMPARED = ("total_return", "max_drawdown", "num_trades", "win_rate", "sharpe")


def scene_and_grid(document: dict[str, Any], bars: Bars | None = None) -> tuple[Scene, Grid]:
    """Return what a worker has before a block, without the lake."""
    config = parse_config(document, "benchmark")
    strategy, bars = resolve(config.strategy, Path()), bars or market()
    moment = bars.opens_at(0)
    scene = Scene(strategy, bars, PlaceInputs(Place("X"), "", 1, 252.0, 0, len(bars), (moment, moment)))
    return scene, bind(config, strategy.parameters)


def in_two_processes(work: Callable[..., tuple[float, float]], *arguments: Any) -> tuple[float, float]:
    """Return the longest start-up and the summed rate of a work that two fresh processes do at once."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        done = pool.starmap(work, [(time.time(), place, *arguments) for place in range(PROCESSES)], 1)
    return max(start for start, _ in done), sum(rate for _, rate in done)


def bare_kernel(begun: float, place: int, document: dict[str, Any], block: int) -> tuple[float, float]:
    """Return seconds until the first 64 runs are computed, and the rate of blocks after that."""
    scene, grid = scene_and_grid(document)
    compute(scene, grid, grid.survivors(0, 256)[:64])
    started = time.time() - begun
    cells = grid.survivors(grid.raw_size // PROCESSES * place, grid.raw_size)[:block]
    compute(scene, grid, cells)  # indicators are remembered, as by a worker
    runs, since = 0, time.perf_counter()
    while (seconds := time.perf_counter() - since) < SECONDS:
        compute(scene, grid, cells)
        runs += len(cells)
    return started, runs / seconds


def vectorbt(begun: float, place: int, document: dict[str, Any]) -> tuple[float, float]:
    """Return seconds until vectorbt has computed a first chunk, and its rate after that, signals given."""
    scene, grid = scene_and_grid(document)
    cells = np.random.default_rng(place).choice(grid.survivors(0, min(grid.raw_size, 1 << 19)), CHUNK)
    columns, options = signals_of(scene, grid, cells)
    peer_metrics(scene, columns, options)
    started = time.time() - begun
    runs, since = 0, time.perf_counter()
    while (seconds := time.perf_counter() - since) < SECONDS:
        peer_metrics(scene, columns, options)
        runs += CHUNK
    return started, runs / seconds


def signals_of(
    scene: Scene, grid: Grid, cells: Sequence[int] | np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return our strategy's signals as columns, and what else vectorbt must know."""
    rows = [grid.row(int(cell)) for cell in cells]
    names = [parameter.name for parameter in scene.strategy.parameters]
    said = [
        evaluate(scene.strategy, scene.indicators, {n: row[n] for n in names}, row["direction"]).events
        for row in rows
    ]
    codes = np.column_stack(said)
    bits = (("entries", 1), ("short_entries", 2), ("exits", 4), ("short_exits", 8))
    options: dict[str, Any] = {"init_cash": 100_000.0, "fees": 5e-4}
    for setting, option in (("stop_loss", "sl_stop"), ("take_profit", "tp_stop")):
        off = [np.nan if row[setting] is None else row[setting] for row in rows]
        options[option] = np.array(off)[None, :]
    return {key: (codes & bit) > 0 for key, bit in bits}, options


def peer_metrics(
    scene: Scene, columns: dict[str, np.ndarray], options: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Return five metrics by vectorbt, and nothing else."""
    import pandas as pd
    import vectorbt as vbt

    window = scene.window
    wide = np.ones(columns["entries"].shape[1])
    run = vbt.Portfolio.from_signals(
        pd.DataFrame(np.multiply.outer(window.close, wide)),
        **{name: pd.DataFrame(values) for name, values in columns.items()},
        open=window.open[:, None],
        high=window.high[:, None],
        low=window.low[:, None],
        freq="1D",
        sl_trail=False,
        size=np.inf,
        **options,
    )
    return {
        "total_return": run.total_return().to_numpy(),
        "max_drawdown": -run.max_drawdown().to_numpy(),
        "num_trades": run.trades.count().to_numpy(),
        "win_rate": run.trades.win_rate().to_numpy(),
        "sharpe": run.sharpe_ratio(year_freq="252 days").to_numpy(),
    }


def our_metrics(scene: Scene, grid: Grid, cells: np.ndarray) -> dict[str, np.ndarray]:
    """Return the same five by our engine."""
    found = compute(scene, grid, cells).metrics
    return {name: found[:, METRIC_NAMES.index(name)] for name in COMPARED}
