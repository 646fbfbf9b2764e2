"""Walk-forward: what came out of sample of what was chosen in sample."""

import pyarrow as pa

from lake.schemas import PARAMETER_PREFIX
from queries.catalog import Catalog
from queries.text import quoted

_FIRST = (
    "split",
    "path",
    "symbol",
    "train_start",
    "train_end",
    "test_start",
    "test_end",
    "run_id",
)
_MEASURED = (
    "in_sample_sharpe",
    "sharpe",
    "in_sample_cagr",
    "cagr",
    "total_return",
    "in_sample_max_drawdown",
    "max_drawdown",
    "in_sample_trades",
    "num_trades",
)


def tests(catalog: Catalog, sweep_id: str) -> pa.Table:
    """Return what each split of a sweep chose, and what that came to, in order of split and symbol.

    Returns:
        One row per split, symbol and tested span, as the view `walk_forward`: identity, the sweep's
        parameters, and the main metrics in and out of sample. No row if the sweep is no walk-forward.
    """
    names = [name for name in catalog.schema.names if name.startswith(PARAMETER_PREFIX)]
    found = catalog.arrow(
        f"select {', '.join(map(quoted, (*_FIRST, *names, *_MEASURED)))} from walk_forward"  # noqa: S608
        " where sweep_id = $1 order by split, symbol, test_start",
        [sweep_id],
    )
    empty = [name for name in names if found[name].null_count == found.num_rows]
    return found.drop_columns(empty)


def out_of_sample(catalog: Catalog, sweep_id: str) -> pa.Table:
    """Return `walk_forward_summary` of a sweep, by symbol and path; no row if it is no walk-forward."""
    return catalog.arrow(
        "select * from walk_forward_summary where sweep_id = $1 order by strategy, symbol, path", [sweep_id]
    )


def stitched(catalog: Catalog, sweep_id: str) -> pa.Table:
    """Return `walk_forward_equity` of a sweep, by symbol, path and time."""
    return catalog.arrow(
        "select * from walk_forward_equity where sweep_id = $1 order by strategy, symbol, path, time",
        [sweep_id],
    )
