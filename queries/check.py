"""Check: a lake's rows held against each other and against what the sweeps say they did."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lake.away import raise_if_away
from lake.findings import COUNTS, DOUBLED, LEFTOVERS, NOT_WHOLE, STATELESS, UNREADABLE, Finding
from lake.known_sweeps import KnownSweeps
from lake.snapshot import Snapshot
from lake.sweep_log import FINISHED, FINISHED_WITH_FAILURES
from queries.catalog import Catalog
from queries.errors import QueryError

_RESUME = "`sweeplake resume {0}` computes what is missing"
_AGAIN = "nothing tells which ones: `sweeplake delete {0}` and run it again"
_DOUBLED = """
select sweep_id, count(*) as runs
from (
    select sweep_id, role, run_id, strategy, symbol from stored.metrics group by all having count(*) > 1
)
group by sweep_id order by sweep_id
"""

# Every pair of details with the rows that it has and that it says it has.
_WHOLE = """
with named as (
    select sweep_id, run_id, count(*) as named, min(trades) as trades, min(equity_rows) as equity_rows
    from stored.details group by sweep_id, run_id
),
trades as (select sweep_id, run_id, count(*) as found from stored.trades group by sweep_id, run_id),
equity as (select sweep_id, run_id, count(*) as found from stored.equity group by sweep_id, run_id),
runs as (
    select distinct sweep_id, run_id from stored.metrics semi join named using (sweep_id, run_id)
)
select
    named.sweep_id,
    named.run_id,
    named.named > 1 as doubled,
    coalesce(trades.found, 0) is distinct from named.trades as trades_differ,
    coalesce(equity.found, 0) is distinct from named.equity_rows as equity_differs,
    runs.run_id is null as no_metrics
from named
left join trades using (sweep_id, run_id)
left join equity using (sweep_id, run_id)
left join runs using (sweep_id, run_id)
where doubled or trades_differ or equity_differs or no_metrics
order by all
"""
_LEFT = """
select sweep_id, run_id, 'trades' as "table", count(*) as found
from stored.trades anti join stored.details using (sweep_id, run_id) group by all
union all
select sweep_id, run_id, 'equity', count(*)
from stored.equity anti join stored.details using (sweep_id, run_id) group by all
"""
_COUNTS = """
with done as (
    select sweep_id, count(distinct run_id) as done from stored.metrics
    where sweep_id in (select unnest($1)) group by sweep_id
),
failed as (select sweep_id, count(*) as failed from stored.failures group by sweep_id),
gone as (
    select
        sweep_id,
        count(distinct run_id) as gone,
        coalesce(bool_or(run_id is null and scope is distinct from 'failures'), false) as whole,
        coalesce(bool_or(scope = 'failures'), false) as failures
    from stored.removals group by sweep_id
)
select
    asked.sweep_id,
    coalesce(done.done, 0) as done,
    coalesce(failed.failed, 0) as failed,
    coalesce(gone.gone, 0) as gone,
    coalesce(gone.whole, false) as whole,
    coalesce(gone.whole or gone.failures, false) as unfailed
from (select unnest($1) as sweep_id) as asked
left join done using (sweep_id)
left join failed using (sweep_id)
left join gone using (sweep_id)
order by asked.sweep_id
"""


def check_rows(
    snapshot: Snapshot,
    sweeps: KnownSweeps,
    resumable: Callable[[str], bool] = lambda _: True,
    known_now: Callable[[], KnownSweeps] | None = None,
) -> list[Finding]:
    """Return what rows say against each other; sweeps that run are left out where they may be half there.

    Args:
        snapshot: Files that can be read, of every table.
        sweeps: The sweeps of the lake.
        resumable: Says of a sweep that lacks runs whether `resume` can compute them.
        known_now: Reads the sweeps once more, for some may have begun since; None: runs without a state are
            not looked for.
    """
    try:
        with Catalog(snapshot) as catalog:
            return [
                *_doubled(catalog),
                *_not_whole(catalog),
                *_leftovers(catalog, sweeps),
                *_counts(catalog, sweeps, resumable),
                *(_stateless(catalog, sweeps, known_now) if known_now else ()),
            ]
    except (QueryError, OSError) as error:
        raise_if_away(snapshot.storage, error)
        remedy = "`sweeplake check --deep` tells which files are damaged"
        return [Finding(UNREADABLE, "", "", (), f"rows cannot be read: {error}", remedy)]


def broken_details(catalog: Catalog) -> list[dict[str, Any]]:
    """Return the pairs of details that are not whole, and why."""
    return catalog.rows(_WHOLE)


def leftovers(catalog: Catalog, sweeps: KnownSweeps) -> list[dict[str, Any]]:
    """Return the pairs that have trades or equity and that no details name, of sweeps that have ended."""
    return [row for row in catalog.rows(_LEFT) if row["sweep_id"] in sweeps.ended]


def missing_runs(catalog: Catalog, states: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return the finished sweeps that have fewer runs than they recorded and `removals` do not explain it.

    Args:
        catalog: The lake's.
        states: Rows of `sweeps`, by sweep.

    Returns:
        By sweep: runs with a result or a failure that are there, and that it finished with.
    """
    told: dict[str, list[_Count]] = {}
    for count in _counted(catalog, states):
        told.setdefault(count.sweep_id, []).append(count)
    return {
        sweep: (sum(count.found for count in counts), sum(count.told for count in counts))
        for sweep, counts in told.items()
        if any(count.found < count.least for count in counts)
    }


def _doubled(catalog: Catalog) -> Iterator[Finding]:
    for row in catalog.rows(_DOUBLED):
        text = f"{row['runs']:,} runs are there more than once"
        remedy = f"`sweeplake delete {row['sweep_id']}` and run it again; please report it, this must not be"
        yield Finding(DOUBLED, "metrics", "", (row["sweep_id"],), text, remedy)


def _not_whole(catalog: Catalog) -> Iterator[Finding]:
    reasons = {
        "doubled": "named twice",
        "trades_differ": "other trades than said",
        "equity_differs": "other equity rows than said",
        "no_metrics": "no metrics",
    }
    for sweep, rows in _by_sweep(broken_details(catalog)).items():
        told = "; ".join(
            f"{sum(row[name] for row in rows):,} {reason}"
            for name, reason in reasons.items()
            if any(row[name] for row in rows)
        )
        text = f"details of {len(rows):,} runs are not whole ({told}), e.g. {rows[0]['run_id']}"
        remedy = "`sweeplake check --repair` drops them; the runs keep their metrics"
        yield Finding(NOT_WHOLE, "details", "", (sweep,), text, remedy)


def _leftovers(catalog: Catalog, sweeps: KnownSweeps) -> Iterator[Finding]:
    for sweep, rows in _by_sweep(leftovers(catalog, sweeps)).items():
        runs = len({row["run_id"] for row in rows})
        count = sum(row["found"] for row in rows)
        text = f"{count:,} rows of {runs:,} runs that no details name; nobody sees them"
        tables = " and ".join(sorted({row["table"] for row in rows}))
        yield Finding(
            LEFTOVERS, tables, "", (sweep,), text, "`sweeplake check --repair` drops them", harmless=True
        )


@dataclass(frozen=True)
class _Count:
    """How many runs a finished sweep has in a table, how many it recorded, and how many it must have."""

    sweep_id: str
    table: str
    found: int
    told: int
    least: int
    gone: int


def _counted(catalog: Catalog, states: Mapping[str, Mapping[str, Any]]) -> Iterator[_Count]:
    finished = {
        name: row for name, row in states.items() if row["status"] in (FINISHED, FINISHED_WITH_FAILURES)
    }
    if not finished:
        return
    for row in catalog.rows(_COUNTS, [sorted(finished)]):
        state = finished[row["sweep_id"]]
        computed = (state["computed"] or 0) + (state["reused"] or 0)
        for table, found, told, all_gone in (
            ("metrics", row["done"], computed, row["whole"]),
            ("failures", row["failed"], state["failed"] or 0, row["unfailed"]),
        ):
            least = 0 if all_gone else told - row["gone"]
            yield _Count(row["sweep_id"], table, found, told, least, row["gone"])


def _counts(catalog: Catalog, sweeps: KnownSweeps, resumable: Callable[[str], bool]) -> Iterator[Finding]:
    for count in _counted(catalog, sweeps.states):
        if not count.least <= count.found <= count.told:
            gone = f", {count.gone:,} were removed" if count.gone else ""
            text = f"{count.found:,} runs are there; the sweep finished with {count.told:,}{gone}"
            remedy = "please report it"
            if count.found < count.least:
                remedy = (_RESUME if resumable(count.sweep_id) else _AGAIN).format(count.sweep_id)
            yield Finding(COUNTS, count.table, "", (count.sweep_id,), text, remedy)


def _stateless(
    catalog: Catalog, sweeps: KnownSweeps, known_now: Callable[[], KnownSweeps]
) -> Iterator[Finding]:
    rows = catalog.rows("select sweep_id, count(*) as runs from stored.metrics group by all order by all")
    unknown = [row for row in rows if row["sweep_id"] not in sweeps.states]
    began = known_now().states.keys() if unknown else ()
    for row in unknown:
        if row["sweep_id"] not in began:
            text = f"{row['runs']:,} runs of a sweep that the table sweeps has lost, or never had"
            remedy = "restore the table sweeps from a copy: else no policy names them, and nothing resumes it"
            yield Finding(STATELESS, "sweeps", "", (row["sweep_id"],), text, remedy)


def _by_sweep(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["sweep_id"], []).append(row)
    return dict(sorted(found.items()))
