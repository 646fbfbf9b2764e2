"""Details: trades and equity of runs, traced by the kernel that computed their metrics."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lake.columns import TIME
from lake.schemas import TABLES
from sweeps.execution.cells import groups, strategy_parameters
from sweeps.execution.failures import Failures, failure_of
from sweeps.execution.rows import Runs, nullable
from sweeps.execution.scene import Scene
from sweeps.execution.steps import NOTHING, step
from sweeps.simulation.kernel import trace
from sweeps.simulation.path import path_metrics
from sweeps.simulation.settings import S_FILL, S_INITIAL_CAPITAL, settings_table
from sweeps.simulation.trace import Trace
from sweeps.strategies.contract import FloatArray
from sweeps.strategies.ctrl_c import pass_ctrl_c_on

SIDES = {1: "long", -1: "short"}


@dataclass(frozen=True, eq=False)
class Curve:
    """An equity curve.

    Attributes:
        time: Bars, microseconds, shape (bars,).
        equity: Account value at each close, shape (bars,); empty if there is no curve.
        position: Position at each close, shape (bars,); None if unknown.
        initial: Initial capital, the first peak.
    """

    time: npt.NDArray[np.int64]
    equity: FloatArray
    position: FloatArray | None
    initial: float


@dataclass(eq=False)
class Details:
    """Rows of `trades`, `equity` and `details` of some runs of one symbol."""

    trades: list[pa.Table] = field(default_factory=list)
    equity: list[pa.Table] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, keys: Mapping[str, str], trades: Mapping[str, pa.Array], curve: Curve) -> None:
        """Add one run.

        Args:
            keys: Its sweep_id and run_id.
            trades: Columns of `trades`, equally long; those that are left out become NULL.
            curve: Its equity.
        """
        count = len(next(iter(trades.values()))) if trades else 0
        numbers = {"trade": pa.array(np.arange(1, count + 1), pa.int32())}
        self.trades.append(_keyed("trades", keys, {**numbers, **trades}, count))
        self.equity.append(_equity_rows(keys, curve))
        path = path_metrics(curve.equity, curve.initial) if len(curve.equity) else {}
        known = {name: None if np.isnan(value) else value for name, value in path.items()}
        if known.get("max_drawdown_bars") is not None:
            known["max_drawdown_bars"] = int(path["max_drawdown_bars"])
        self.runs.append({**keys, "trades": count, "equity_rows": len(curve.equity), **known})

    def extend(self, others: "Details") -> None:
        """Add other runs."""
        self.trades += others.trades
        self.equity += others.equity
        self.runs += others.runs

    def tables(self) -> list[tuple[str, pa.Table]]:
        """Return the rows by table."""
        if not self.runs:
            return []
        runs = pa.Table.from_pylist(self.runs, schema=TABLES["details"].file_schema)
        return [
            ("trades", pa.concat_tables(self.trades)),
            ("equity", pa.concat_tables(self.equity)),
            ("details", runs),
        ]


def trace_details(scene: Scene, runs: Runs) -> tuple[Details, Failures]:
    """Return the details of some runs that have a result; and why others, by row, have none this time."""
    details, failures = Details(), Failures()
    grid, indices = runs.context.grid, runs.indices
    settings = settings_table(grid.values(indices), scene.inputs.periods_per_year)
    time = scene.window_bars.time
    for group in groups(grid, indices):
        parameters = strategy_parameters(grid, int(indices[group.rows[0]]))
        try:
            said = scene.ask(parameters, group.variant.direction)
        except BaseException as error:  # noqa: BLE001  a user's code may raise anything, also the second time
            pass_ctrl_c_on(error)
            failure = failure_of(error, scene.strategy.source)
            failures.update(dict.fromkeys(group.rows.tolist(), failure))
            continue
        step(NOTHING)
        signals = scene.signals(said, group.variant)
        for row in group.rows.tolist():
            run = trace(scene.window, signals, settings[row], scene.inputs.periods_per_year)
            details.add(
                runs.keys(row),
                trade_columns(run, time, said.indicators, lag=0 if settings[row, S_FILL] else 1),
                Curve(time, run.equity, run.position, settings[row, S_INITIAL_CAPITAL]),
            )
    return details, failures


def trade_columns(
    run: Trace, time: npt.NDArray[np.int64], named: Mapping[str, FloatArray], *, lag: int
) -> dict[str, pa.Array]:
    """Return a run's trades in the lake's columns; entry values are those of the signal's bar."""
    trades = run.trades
    columns = {
        "side": pa.array([SIDES[int(side)] for side in trades["side"]], pa.string()),
        "entry_time": times(time[trades["entry_bar"]]),
        "exit_time": times(time[trades["exit_bar"]]),
        "bars_held": pa.array(trades["bars_held"], pa.int32()),
        "exit_reason": pa.array(trades["exit_reason"].tolist(), pa.string()),
        "entry_indicators": _named_values(named, trades["entry_bar"] - lag),
        "exit_indicators": _named_values(named, trades["exit_bar"]),
    }
    further = (name for name in trades if name not in columns and not name.endswith("_bar"))
    return columns | {name: nullable(trades[name], pa.float64()) for name in further}


def _named_values(named: Mapping[str, FloatArray], bars: npt.NDArray[np.int64]) -> pa.Array:
    if not named:
        return pa.nulls(len(bars), pa.string())
    rows = [
        json.dumps(
            {name: float(values[bar]) if np.isfinite(values[bar]) else None for name, values in named.items()}
        )
        for bar in bars.tolist()
    ]
    return pa.array(rows, pa.string())


def _equity_rows(keys: Mapping[str, str], curve: Curve) -> pa.Table:
    equity = curve.equity
    count = len(equity)
    peaks = np.maximum(np.maximum.accumulate(equity), curve.initial) if count else equity
    columns = {
        "time": times(curve.time[:count]),
        "equity": pa.array(equity, pa.float64()),
        "drawdown": pa.array(1.0 - equity / peaks, pa.float64()),
        "position": pa.nulls(count, pa.float64()) if curve.position is None else pa.array(curve.position),
    }
    return _keyed("equity", keys, columns, count)


def _keyed(table: str, keys: Mapping[str, str], columns: Mapping[str, pa.Array], count: int) -> pa.Table:
    schema = TABLES[table].file_schema
    arrays = []
    for item in schema:
        if item.name in keys:
            arrays.append(pa.repeat(pa.scalar(keys[item.name], item.type), count))
        elif item.name in columns:
            arrays.append(columns[item.name].cast(item.type))
        else:
            arrays.append(pa.nulls(count, item.type))
    return pa.table(arrays, schema=schema)


def times(micros: npt.NDArray[np.int64]) -> pa.Array:
    """Return microseconds as the lake's times."""
    return pa.array(micros, pa.int64()).cast(TIME)
