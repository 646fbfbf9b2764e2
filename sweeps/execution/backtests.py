"""Backtests: a user's own backtester, called once a run; its results in the lake's columns."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lake.columns import METRICS
from lake.schemas import METRIC_NAMES, TABLES
from sweeps.execution.cells import strategy_parameters
from sweeps.execution.details import SIDES, Curve, Details
from sweeps.execution.failures import failure_of
from sweeps.execution.results import Results
from sweeps.execution.rows import Runs
from sweeps.execution.scene import Scene
from sweeps.execution.steps import step
from sweeps.simulation.curve import curve_metrics
from sweeps.strategies.contract import Backtest, FloatArray
from sweeps.strategies.ctrl_c import pass_ctrl_c_on
from sweeps.strategies.errors import BacktestError
from sweeps.strategies.evaluate import run_backtester

if TYPE_CHECKING:
    import pandas as pd

_METRIC_PLACE = {name: place for place, name in enumerate(METRIC_NAMES)}
_COUNTS = frozenset(column.name for column in METRICS if pa.types.is_integer(column.type))
MOST_COUNTED = 2**31 - 1
_FILLED = frozenset({"sweep_id", "run_id", "trade"})
"""Columns of `trades` that the lake fills itself."""


def compute_backtests(scene: Scene, runs: Runs, *, keep: bool) -> tuple[Results, Details]:
    """Call a user's backtester for each cell, on the window's bars.

    What it returns as a metric stands; return metrics that it leaves out are computed from its equity, if it
    has one. A metric of another name is stored as `metric_<name>`.

    Args:
        scene: The symbol's bars and the backtester.
        runs: The cells.
        keep: Whether trades and equity are wanted.

    Returns:
        One row per cell; and the details, empty unless they are wanted.
    """
    grid = runs.context.grid
    results, details = Results.empty(len(runs.indices)), Details()
    for row, index in enumerate(runs.indices.tolist()):
        step(runs.indices[row : row + 1])
        settings = grid.row(index)
        try:
            parameters = strategy_parameters(grid, index)
            said = run_backtester(scene.strategy, scene.window_bars, parameters)
            trades = _trade_columns(scene, said.trades)  # also where they are not kept: bad ones fail the run
            _store(scene, settings, said, results, row)
            if keep:
                _keep(scene, runs.keys(row), settings, said.equity, trades, details)
        except BaseException as error:  # noqa: BLE001  a user's code may raise anything; its run fails alone
            pass_ctrl_c_on(error)
            results.failures[row] = failure_of(error, scene.strategy.source)
    return results, details


def _store(scene: Scene, settings: Mapping[str, Any], said: Backtest, results: Results, row: int) -> None:
    if said.equity is not None:
        curve = curve_metrics(
            said.equity,
            initial_capital=float(settings["initial_capital"]),
            risk_free_rate=float(settings["risk_free_rate"]),
            periods_per_year=scene.inputs.periods_per_year,
        )
        results.block_sums[row], results.block_sumsqs[row] = curve.block_sums, curve.block_sumsqs
        for name, value in curve.metrics.items():
            results.metrics[row, _METRIC_PLACE[name]] = value
    if said.trades is not None:
        results.metrics[row, _METRIC_PLACE["num_trades"]] = len(said.trades)
    for name, value in said.metrics.items():
        if np.isinf(value):
            raise BacktestError(scene.strategy.name, f'metric "{name}" is infinite; give NaN where undefined')
        if name in _METRIC_PLACE:
            if name in _COUNTS and not (np.isnan(value) or _is_count(float(value))):
                raise BacktestError(
                    scene.strategy.name,
                    f'metric "{name}" is {value}; it counts in whole numbers, to {MOST_COUNTED:,} at most',
                )
            results.metrics[row, _METRIC_PLACE[name]] = value
        else:
            if not name.isidentifier():
                raise BacktestError(scene.strategy.name, f'metric "{name}": name it as an identifier')
            own = results.custom.setdefault(name, np.full(len(results.metrics), np.nan))
            own[row] = value


def _is_count(value: float) -> bool:
    return value.is_integer() and abs(value) <= MOST_COUNTED


def _keep(
    scene: Scene,
    keys: Mapping[str, str],
    settings: Mapping[str, Any],
    equity: FloatArray | None,
    trades: Mapping[str, pa.Array],
    details: Details,
) -> None:
    known = equity if equity is not None else np.empty(0)
    curve = Curve(scene.window_bars.time, known, None, float(settings["initial_capital"]))
    details.add(keys, trades, curve)


def _trade_columns(scene: Scene, trades: "pd.DataFrame | None") -> dict[str, pa.Array]:
    """Return the columns of a user's trades that the lake knows, cast to its types."""
    columns: dict[str, pa.Array] = {}
    if trades is None:
        return columns
    for item in TABLES["trades"].file_schema:
        if item.name in trades.columns and item.name not in _FILLED:
            values = trades[item.name]
            try:
                if pa.types.is_timestamp(item.type):
                    values = _times(values)
                column = pa.Table.from_pandas(values.to_frame(), preserve_index=False).column(0)
                columns[item.name] = column.cast(item.type, safe=False)
            except (pa.ArrowException, TypeError, ValueError) as error:
                raise BacktestError(scene.strategy.name, f'trades column "{item.name}": {error}') from error
    _check_sides(scene, columns)
    if not columns and len(trades):
        known = ", ".join(name for name in TABLES["trades"].file_schema.names if name not in _FILLED)
        raise BacktestError(scene.strategy.name, f"trades have none of the columns {known}")
    return columns


def _times(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return times of any kind; whole numbers are microseconds since 1970, as in `bars.time`."""
    import pandas as pd  # noqa: PLC0415  whose caller has it

    if pd.api.types.is_integer_dtype(values):
        return pd.to_datetime(values, unit="us", utc=True)
    return pd.to_datetime(values, utc=True)


def _check_sides(scene: Scene, columns: Mapping[str, pa.Array]) -> None:
    for side in columns["side"].unique().to_pylist() if "side" in columns else ():
        if side not in (*SIDES.values(), None):
            raise BacktestError(
                scene.strategy.name, f'trades column "side" has {side!r}; write long or short'
            )
