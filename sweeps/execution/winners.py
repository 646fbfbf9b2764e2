"""Winners: the runs whose trades and equity are stored once all metrics of a sweep are in."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.lake import Lake
from queries.catalog import Catalog
from queries.choices import tested_runs
from queries.winners import winners
from sweeps.execution.blocks import Block, most_detailed
from sweeps.execution.context import ParameterColumn, Place, SweepContext
from sweeps.execution.prepare import Prepared
from sweeps.spec.axes import Axis
from sweeps.spec.grid import Grid, IndexArray
from sweeps.spec.rules import Value


def missing_winners(prepared: Prepared, context: SweepContext, lake: Lake) -> pa.Table:
    """Return the runs whose details the configuration keeps and that are not there yet.

    Of a walk-forward these are the tests that were carried over. The committed metrics are asked, so that a
    resumed sweep chooses as a whole one does.
    """
    with Catalog(lake) as catalog:
        if prepared.splits is None:
            best = _winners(prepared, context, catalog)
        else:
            best = tested_runs(catalog, context.sweep_id)
        held = catalog.arrow("select run_id from details where sweep_id = $1", [context.sweep_id])
    there = pc.is_in(best["run_id"], value_set=held["run_id"].combine_chunks())
    return best.filter(pc.invert(there))


def _winners(prepared: Prepared, context: SweepContext, catalog: Catalog) -> pa.Table:
    config = prepared.config
    return winners(
        catalog,
        context.sweep_id,
        n=config.details.n,
        metric=config.details.metric,
        score=config.score,
        min_trades=config.details.min_trades,
        per=config.details.per,
    )


def winning_blocks(prepared: Prepared, runs: pa.Table, threads: int) -> list[Block]:
    """Return the blocks that compute the details of some runs, so that each thread has a share of them."""
    blocks: list[Block] = []
    share = max(1, math.ceil(runs.num_rows / max(1, threads)))
    for place, inputs in prepared.inputs.items():
        mine = runs.filter(pc.equal(runs["symbol"], place.symbol))
        if place.span is not None:
            mine = mine.filter(pc.equal(mine["span"], place.span))
        cells = np.sort(locate(prepared.grid, prepared.columns, mine))
        rounds = math.ceil(share / most_detailed(inputs.bars))
        blocks += _blocks(place, cells, math.ceil(share / rounds))
    return blocks


def locate(grid: Grid, columns: Sequence[ParameterColumn], runs: pa.Table) -> IndexArray:
    """Return the raw indices of stored runs, shape (runs,), from the values of their parameter columns.

    Raises:
        KeyError: If a run is not a cell of the grid.
    """
    stored = {column.name: column.column for column in columns}
    found = np.zeros(runs.num_rows, dtype=np.int64)
    for axis, stride in zip(grid.axes, grid.strides, strict=True):
        if len(axis) > 1:
            values = zip(*(runs[stored[name]].to_pylist() for name in axis.names), strict=True)
            places = _places(axis)
            found += stride * np.array([places[row] for row in values], dtype=np.int64)
    return found


def _places(axis: Axis) -> dict[tuple[Value, ...], int]:
    """Return the place of each row; numbers compare as DOUBLE, as the lake stores them."""
    return {row: place for place, row in enumerate(axis.rows)}


def _blocks(place: Place, cells: IndexArray, size: int) -> Iterator[Block]:
    for at in range(0, len(cells), size):
        part = cells[at : at + size]
        yield Block(place, int(part[0]), int(part[-1]) + 1, len(part), part, details=True)
