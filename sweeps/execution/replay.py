"""Replay: stored runs computed again from what their sweep was started on, and held against what is stored.

A sweep names its bars by their files, and has its strategy with it, so that a run replays on what it read,
also when bars were corrected since; that they were is told.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.lake import Lake
from lake.schemas import CUSTOM_METRIC_PREFIX, METRIC_NAMES, TABLES
from queries.show import StoredRun
from sweeps.bars.store import load_bars
from sweeps.execution.computed import compute_results
from sweeps.execution.context import Place
from sweeps.execution.resume import revived
from sweeps.execution.rows import Runs, failure_rows, metric_rows
from sweeps.execution.start import Start
from sweeps.execution.winners import locate
from sweeps.execution.worker import open_scene

TOLERANCE = 1e-9
"""Metrics a and b are equal within this times max(1, |b|): blocks of other sizes sum in another order."""
FLOAT32_TOLERANCE = 1e-6
"""Likewise for columns of four bytes, of which one step is 6e-8 of the value."""
DETAILS = ("details", "trades", "equity")


@dataclass(frozen=True, eq=False)
class Again:
    """A run that was computed again.

    Attributes:
        metrics: Its row of `metrics`, partition columns aside; without rows if it fails now.
        details: Its rows of `details`, `trades` and `equity`, likewise.
        error: Why it fails; "" if it does not.
    """

    metrics: pa.Table
    details: Mapping[str, pa.Table] = field(default_factory=dict)
    error: str = ""


def revived_on(state: Mapping[str, Any], symbol: str, lake: Lake) -> Start:
    """Return a sweep as it was started, on one of its symbols alone; raises as `revived`."""
    bars = json.loads(state["bars"])
    narrow = {"symbols": [symbol], "bars": json.dumps({symbol: bars[symbol]}), "runs": None}
    return revived({**state, **narrow}, lake)


def compute_again(start: Start, place: Place, runs: pa.Table) -> dict[str, Again]:
    """Compute runs of a sweep at a place again, with trades and equity; by run_id.

    Args:
        start: The sweep.
        place: The place.
        runs: Their rows of `metrics`, with the sweep's parameter columns.

    Raises:
        KeyError: If a run is not one of the sweep.
    """
    context = start.context
    cells = np.unique(locate(context.grid, context.columns, runs))
    scene = open_scene(context, place)
    asked = Runs(replace(context, keep_details=True), place, cells)
    results, details = compute_results(scene, asked)
    metrics, traced = metric_rows(asked, results, 0.0), dict(details.tables())
    found = {
        run_id: Again(_of(metrics, run_id), {table: _of(rows, run_id) for table, rows in traced.items()})
        for run_id in metrics["run_id"].to_pylist()
    }
    failed = failure_rows(asked, results).to_pylist() if results.failures else []
    return found | {row["run_id"]: Again(metrics[:0], error=row["error"]) for row in failed}


def differences(stored: StoredRun, again: Again) -> tuple[str, ...]:
    """Return what of a run is not as it is stored; trades and equity are compared where they are stored."""
    if again.error:
        return (f"it fails now: {again.error}",)
    before, now = stored.run.to_pylist()[0], again.metrics.to_pylist()[0]
    own = sorted(name for name in {**before, **now} if name.startswith(CUSTOM_METRIC_PREFIX))
    found = [
        f"{name} was {before.get(name)} and is {now.get(name)}"
        for name in (*METRIC_NAMES, *own)
        if not _equal(before.get(name), now.get(name), stored.run, name)
    ]
    held = {"details": stored.details, "trades": stored.trades, "equity": stored.equity}
    for table in DETAILS:
        rows = held[table]
        if rows is not None:
            found += [f"{table}: {what}" for what in _row_differences(table, rows, again.details[table])]
    return tuple(found)


def corrected(start: Start, symbol: str, lake: Lake) -> bool:
    """Return whether bars that a sweep read of a symbol were corrected since; later ones are no correction.

    Raises:
        NoBarsError: If there are none any more.
    """
    context, inputs = start.context, start.prepared.symbols[symbol]
    now = load_bars(lake.snapshot(["bars"]), symbol, context.timeframe, end=context.end)
    same = now.cut(inputs.first + inputs.bars).without_empty_columns()
    return same.fingerprint() != inputs.fingerprint


def _of(rows: pa.Table, run_id: str) -> pa.Table:
    return rows.filter(pc.equal(rows["run_id"], run_id))


def _equal(before: Any, now: Any, rows: pa.Table, name: str) -> bool:
    if before is None or now is None or not pa.types.is_floating(rows.schema.field(name).type):
        return bool(before == now)
    tolerance = FLOAT32_TOLERANCE if pa.types.is_float32(rows.schema.field(name).type) else TOLERANCE
    return bool(abs(now - before) <= tolerance * max(1.0, abs(before)))


def _row_differences(table: str, before: pa.Table, now: pa.Table) -> list[str]:
    """Return which columns of rows are not the same, to the bit."""
    if before.num_rows != now.num_rows:
        return [f"{before.num_rows:,} rows were stored, there are {now.num_rows:,}"]
    schema = TABLES[table].file_schema
    names = [name for name in now.column_names if name != "sweep_id"]
    return [
        f"{name} differs"
        for name in names
        if not before[name].cast(schema.field(name).type).equals(now[name].cast(schema.field(name).type))
    ]
