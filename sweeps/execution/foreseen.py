"""Foreseen: what a walk-forward will choose, told before it begins by runs that the lake has already."""

import numpy as np
import pyarrow as pa

from lake.snapshot import Snapshot
from queries.catalog import Catalog
from sweeps.execution.choices import Chosen, best_in_sample, choosers, where_tested
from sweeps.execution.held import PASS_RUNS
from sweeps.execution.prepare import Prepared
from sweeps.spec.identity import parameter_hashes


def foreseen(prepared: Prepared, snapshot: Snapshot, held: int) -> Chosen | None:
    """Return what the splits of a sweep will choose; None if the lake does not tell.

    It tells once it has every run that they choose from, of whatever sweeps. The grid's cells are held
    meanwhile with their hashes: of more than `PASS_RUNS` nothing is foretold.

    Args:
        prepared: The sweep, of which nothing is computed yet.
        snapshot: The lake's `metrics`.
        held: How many of its runs the lake has at the places that are searched.
    """
    config, grid = prepared.config.walk_forward, prepared.grid
    if config is None:
        return Chosen({})
    if held < prepared.runs or grid.count() > PASS_RUNS:
        return None
    cells = np.concatenate(list(grid.chunks()))
    hashes = parameter_hashes(grid, cells)
    with Catalog(snapshot) as catalog:
        best = best_in_sample(prepared, config, catalog, pa.table({"parameters": hashes}))
    order = np.argsort(hashes)
    wanted = np.array([int(half, 16) for half in best["parameters"].to_pylist()], np.uint64)
    chosen = cells[order[np.searchsorted(hashes[order], wanted)]]
    return where_tested(prepared, dict(zip(choosers(best), chosen.tolist(), strict=True)))
