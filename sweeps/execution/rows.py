"""Rows: results as Arrow tables in the lake's columns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lake.columns import BLOCKS, METRICS, NUMBERS, TIME
from lake.schemas import CUSTOM_METRIC_PREFIX, TABLES
from sweeps.execution.context import ParameterColumn, Place, PlaceInputs, SweepContext
from sweeps.execution.results import Results
from sweeps.spec.grid import Grid, IndexArray
from sweeps.spec.identity import RUN_ID_CHARACTERS, HashArray, parameter_hashes, run_id_text
from sweeps.spec.splits import OUT_OF_SAMPLE

ARROW_KINDS = {"int": pa.float64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}


@dataclass(frozen=True, eq=False)
class Runs:
    """Some runs at one place of a sweep.

    Attributes:
        context: The sweep.
        place: The place.
        indices: Raw indices of their cells, shape (k,).
        splits: Numbers of the splits that chose each of them, k of these; nothing if none had to.
    """

    context: SweepContext
    place: Place
    indices: IndexArray
    splits: tuple[tuple[int, ...], ...] = ()

    @property
    def inputs(self) -> PlaceInputs:
        """What they read."""
        return self.context.inputs[self.place]

    @property
    def keep_details(self) -> bool:
        """Whether trades and equity of each of them are stored: those of what was chosen always are."""
        return self.context.keep_details or self.inputs.role == OUT_OF_SAMPLE

    @cached_property
    def hashes(self) -> HashArray:
        """The second halves of their run ids, shape (k,)."""
        return parameter_hashes(self.context.grid, self.indices)

    def run_id(self, row: int) -> str:
        """Return the run id of one of them."""
        return run_id_text(self.inputs.context, self.hashes[row : row + 1]).decode()

    def keys(self, row: int) -> dict[str, str]:
        """Return what names one of them in every table."""
        return {"sweep_id": self.context.sweep_id, "run_id": self.run_id(row)}


def metric_rows(runs: Runs, results: Results, seconds: float) -> pa.Table:
    """Return one row of `metrics` per run that has a result, by run_id; NaN becomes NULL.

    Block statistics are left out, and so NULL, if the sweep does not keep them.
    """
    context, inputs = runs.context, runs.inputs
    good = np.flatnonzero(results.good)
    order = good[np.argsort(runs.hashes[good])]
    count = len(order)
    metrics = np.ascontiguousarray(results.metrics.take(order, axis=0).T)
    columns: dict[str, pa.Array] = {
        "sweep_id": _constant(context.sweep_id, pa.string(), count),
        "run_id": _run_ids(inputs.context, runs.hashes[order]),
        "timeframe": _constant(context.timeframe, pa.string(), count),
        "role": _constant(inputs.role, pa.string(), count),
        "span": _constant(runs.place.span, pa.int32(), count),
        "splits": pa.array([runs.splits[row] for row in order] if runs.splits else [None] * count, NUMBERS),
        "created_at": _constant(datetime.now(UTC), TIME, count),
        "period_start": _constant(inputs.period[0], TIME, count),
        "period_end": _constant(inputs.period[1], TIME, count),
        "n_bars": _constant(inputs.bars, pa.int32(), count),
        "periods_per_year": _constant(inputs.periods_per_year, pa.float64(), count),
        "duration_sec": _constant(seconds / max(len(runs.indices), 1), pa.float64(), count),
        **{
            column.name: nullable(values, column.type)
            for column, values in zip(METRICS, metrics, strict=True)
        },
        **parameter_arrays(context.grid, context.columns, runs.indices[order]),
    }
    if context.keep_block_statistics:
        columns["block_sums"] = _blocks(results.block_sums.take(order, axis=0))
        columns["block_sumsqs"] = _blocks(results.block_sumsqs.take(order, axis=0))
    for name, column in sorted(results.custom.items()):
        columns[f"{CUSTOM_METRIC_PREFIX}{name}"] = nullable(column[order], pa.float64())
    return pa.table(columns)


def failure_rows(runs: Runs, results: Results) -> pa.Table:
    """Return one row of `failures` per run without a result."""
    context, now = runs.context, datetime.now(UTC)
    rows = [
        {
            "sweep_id": context.sweep_id,
            "run_id": runs.run_id(row),
            "strategy": context.strategy.name,
            "symbol": runs.place.symbol,
            "timeframe": context.timeframe,
            "created_at": now,
            "params": json.dumps(run_parameters(context.grid, context.columns, int(runs.indices[row]))),
            "cause": failure.cause,
            "error": failure.error,
            "traceback": failure.traceback,
        }
        for row, failure in sorted(results.failures.items())
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["failures"].file_schema)


def run_parameters(grid: Grid, columns: Sequence[ParameterColumn], index: int) -> dict[str, Any]:
    """Return the stored parameters of one cell by name; None is off."""
    row = grid.row(index)
    return {column.name: row[column.name] for column in columns}


def parameter_arrays(
    grid: Grid, columns: Sequence[ParameterColumn], indices: IndexArray
) -> Mapping[str, pa.Array]:
    """Return the parameter columns of some cells; off is NULL."""
    arrays = {}
    for column in columns:
        at = next(place for place, axis in enumerate(grid.axes) if column.name in axis.names)
        values = pa.array(grid.axes[at].array(column.name), ARROW_KINDS[column.kind], from_pandas=True)
        arrays[column.column] = values.take(pa.array(grid.positions_on(at, indices)))
    return arrays


def nullable(values: npt.NDArray[np.float64], kind: pa.DataType) -> pa.Array:
    """Return numbers in a column's type, NaN as NULL; and infinity, which is beyond the range of numbers."""
    with np.errstate(over="ignore"):  # what a float32 column cannot hold is beyond its range
        numbers = values.astype(kind.to_pandas_dtype()) if pa.types.is_floating(kind) else values
    finite = np.isfinite(numbers)
    missing = None if finite.all() else ~finite
    if pa.types.is_boolean(kind):
        return pa.array(numbers != 0, kind, mask=missing)
    if pa.types.is_integer(kind):
        numbers = np.where(finite, numbers, 0.0).astype(kind.to_pandas_dtype())
    return pa.array(numbers, kind, mask=missing)


def _run_ids(context: int, hashes: HashArray) -> pa.Array:
    offsets = np.arange(len(hashes) + 1, dtype=np.int32) * RUN_ID_CHARACTERS
    text = run_id_text(context, hashes)
    return pa.StringArray.from_buffers(len(hashes), pa.py_buffer(offsets), pa.py_buffer(text))


def _constant(value: object, kind: pa.DataType, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), count)


def _blocks(values: npt.NDArray[np.float32]) -> pa.Array:
    runs, blocks = values.shape
    offsets = pa.array(np.arange(0, (runs + 1) * blocks, blocks, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(values.ravel(), pa.float32()), type=BLOCKS)
