"""What a sweep left in its lake, read without the project's own questions."""

import pandas as pd

from lake.journal import Journal
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep


def stored(lake: Lake, table: str, sweep_id: str) -> pd.DataFrame:
    """Return the committed rows of a sweep."""
    rows = lake.tables.snapshot()[table]
    frame = lake.tables.snapshot().read(rows.name).to_pandas()
    return frame[frame["sweep_id"] == sweep_id].reset_index(drop=True)


def metrics_of(sweep: Sweep) -> pd.DataFrame:
    """Return a finished sweep's metrics by run id, without what differs from one execution to another.

    Parameter columns that only other sweeps of the lake use are left out too.
    """
    frame = stored(sweep.lake, "metrics", sweep.sweep_id).set_index("run_id").sort_index()
    others = [name for name in frame if name.startswith("param_") and frame[name].isna().all()]
    return frame.drop(columns=["sweep_id", "created_at", "duration_sec", "date", *others])


def journalled(lake: Lake, sweep_id: str) -> tuple[int, dict[str, int]]:
    """Return how many runs the journal's blocks finished, and the rows that its batches made visible."""
    runs, rows = 0, {}
    for batch in Journal(lake.tables, sweep_id).batches():
        runs += sum(block["runs"] for block in batch.blocks if block["phase"] == "runs")
        for file in batch.files:
            rows[file.table] = rows.get(file.table, 0) + file.rows
    return runs, rows
