"""Runs as a sweep stores them, in any number: real ones of real daily bars, then more by small changes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sweeplake as sl
from sweeps.execution.compute import compute
from sweeps.execution.context import Place
from sweeps.execution.prepare import prepare
from sweeps.execution.rows import Runs, metric_rows
from sweeps.execution.start import new_context
from sweeps.execution.worker import open_scene
from sweeps.spec.config import parse_config
from tests.benchmarks.test_bytes_a_run import SWEEP

SWEEP_ID = "20260102T000000000-abcdef"
REAL_RUNS = 50_000


def real_runs(lake: "sl.Lake", symbol: str, folder: Path, count: int = REAL_RUNS) -> pa.Table:
    """Return the metrics rows of runs that are computed here; the lake needs the symbol's bars."""
    prepared = prepare(parse_config({**SWEEP, "symbols": [symbol]}, "runs"), lake.tables, folder)
    context = new_context(prepared, SWEEP_ID, datetime.now(UTC))
    place = Place(symbol)
    runs = Runs(context, place, prepared.grid.survivors(0, count))
    return metric_rows(runs, compute(open_scene(context, place), prepared.grid, runs.indices), 0.1)


def more_runs(real: pa.Table, count: int, size: int, random: np.random.Generator) -> Iterator[pa.Table]:
    """Yield so many runs in blocks of a size: other ids, and numbers that differ in their last digits."""
    context = real.column("run_id")[0].as_py()[:16]
    for start in range(0, count, size):
        rows = real.take(random.integers(0, real.num_rows, min(size, count - start)))
        ids = [f"{context}{half:016x}" for half in random.integers(0, 1 << 63, rows.num_rows)]
        rows = rows.set_column(rows.schema.get_field_index("run_id"), "run_id", pa.array(ids))
        for place, item in enumerate(rows.schema):
            if pa.types.is_float64(item.type) and not item.name.startswith("param_"):
                changed = pa.array(1.0 + 1e-6 * random.random(rows.num_rows))
                rows = rows.set_column(place, item, pc.multiply(rows.column(place), changed))
        yield rows
