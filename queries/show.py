"""Show: everything that is stored of one run."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.snapshot import DataFile
from queries.catalog import Catalog
from queries.errors import BadValueError, FailedRunError, QueryError, RemovedError, UnknownNameError
from queries.given import require_text
from queries.pruning import WITHIN, holding, places
from queries.removed import removed_run
from queries.search import arranged
from queries.sweep import sweep_row
from queries.whole import KEY

_MISTYPED = 2
"""Letters of an id that may be wrong for it to be meant."""
_OF_RUNS = ("metrics", "details", "trades", "equity")


@dataclass(frozen=True)
class StoredRun:
    """One run.

    Attributes:
        run: Its row, the latest sweep's; the columns of `search`.
        details: Its row of `details`: path metrics; None if no sweep stored its trades and equity.
        trades: Its trades in order; None without details.
        equity: Its curve, one row per bar; None without details.
    """

    run: pa.Table
    details: pa.Table | None
    trades: pa.Table | None
    equity: pa.Table | None


def show(catalog: Catalog, run_id: str, *, sweep: str | None = None) -> StoredRun:
    """Return what is stored of a run.

    Equal run ids have equal trades, so details come from whichever sweep has them, the latest first.

    Raises:
        FailedRunError: If the run failed.
        RemovedError: If the run was removed.
        BadValueError: If it is a sweep, or no text.
        UnknownNameError: If there is no such run, or no such sweep.
    """
    require_text("run", run_id, "give the id of a run as text")
    if sweep is not None:
        sweep_row(catalog, sweep)
    files = {table: holding(catalog.files(table), [run_id]) for table in _OF_RUNS}
    held = catalog
    for table, chosen in files.items():
        held = held.narrowed(table, chosen)
    run = _row(held, files["metrics"], run_id, sweep)
    if not run.num_rows:
        raise _missing(catalog, run_id)
    key = [run_id, run["strategy"][0].as_py(), run["symbol"][0].as_py()]
    if not files["details"]:
        return StoredRun(arranged(run), None, None, None)
    where = "where run_id = $1 and strategy = $2 and symbol = $3"
    details = held.few(f"select * from stored.details {where} order by sweep_id desc limit 1", key)  # noqa: S608
    if not details.num_rows:
        return StoredRun(arranged(run), None, None, None)
    owner = details["sweep_id"][0].as_py()
    where += " and sweep_id = $4"
    return StoredRun(
        run=arranged(run),
        details=details,
        trades=held.few(f"select * from stored.trades {where} order by trade", [*key, owner]),  # noqa: S608
        equity=held.few(f"select * from stored.equity {where} order by time", [*key, owner]),  # noqa: S608
    )


def _row(catalog: Catalog, files: Sequence[DataFile], run_id: str, sweep: str | None) -> pa.Table:
    """Return a run's row of metrics; none if no sweep, or not this one, has it.

    Its few rows are ordered here: DuckDB takes longer to order a hundred columns than to find them.
    """
    metrics = catalog.metrics
    text = f"""
        from {metrics.text} as metrics
        where {metrics.condition} and run_id = $run and ($sweep is null or sweep_id = $sweep) and {WITHIN}
    """
    bound = {"run": run_id, "sweep": sweep, **places(files)}
    if catalog.whole is not None:
        rows = catalog.whole.of(catalog.tuples(f"select {KEY} {text}", bound))
    else:
        rows = catalog.few(f"select * exclude (block_sums, block_sumsqs) {text}", bound)
    by_role = rows.append_column("is_full", pc.equal(rows["role"], "full"))
    order = [(name, "descending") for name in ("is_full", "sweep_id", "created_at")]
    return rows.take(pc.sort_indices(by_role, order)[:1])


def _missing(catalog: Catalog, run_id: str) -> QueryError:
    """Return the error that tells why there is no such run."""
    removal = removed_run(catalog, run_id)
    if removal is not None:
        return RemovedError("run", run_id, str(removal))
    failures = catalog.rows(
        "select cause, error from failures where run_id = $1 order by created_at desc limit 1", [run_id]
    )
    if failures:
        return FailedRunError(run_id, failures[0]["cause"], failures[0]["error"] or "")
    if catalog.rows("select 1 from sweeps where sweep_id = $1 limit 1", [run_id]):
        return BadValueError(
            "run", run_id, f"this is a sweep; `sweeplake best --sweep {run_id}` has its runs"
        )
    return UnknownNameError("run", run_id, _near(catalog, run_id))


def _near(catalog: Catalog, run_id: str) -> list[str]:
    """Return runs whose id was cut off, or mistyped, in copying.

    Runs of one context share 16 letters, so that a common beginning alone makes none of them likely.
    """
    rows = catalog.rows(
        """
        select distinct run_id from metrics
        where starts_with(run_id, $1) and (starts_with(run_id, $2) or levenshtein(run_id, $2) <= $3)
        order by run_id limit 3
        """,
        [run_id[:8], run_id, _MISTYPED],
    )
    return [row["run_id"] for row in rows]
