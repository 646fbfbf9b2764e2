"""Keep: what retention asks a snapshot: which sweeps there are, and whose details are among the best."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lake.choices import Choice
from lake.policy import Details
from lake.sweep_log import REMOVED
from queries.catalog import Catalog
from queries.errors import RemovedError, UnknownNameError
from queries.ranking import by_metric, by_score
from queries.removed import removed_run, removed_sweep
from queries.text import quoted

_GROUPS = {"sweep": "sweep_id", "strategy": "strategy", "symbol": "symbol"}


def held_sweeps(catalog: Catalog, pinned_runs: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return every sweep with its last state before it was removed, and what is left of it.

    Args:
        catalog: The snapshot.
        pinned_runs: Runs that are not counted.

    Returns:
        sweep_id, status, strategy, owner, started_at, ended_at (when that state was first recorded), and
        counts of rows: runs, failures, detailed; and bare: whether it has no rows, and was not removed.
    """
    return catalog.rows(
        """
        with states as (
            select *, min("at") over (partition by sweep_id, status, seconds) as ended_at
            from stored.sweeps where status <> $removed
        ), newest as (
            select * from states
            qualify row_number() over (partition by sweep_id order by "at" desc, seconds desc) = 1
        ), runs as (
            select sweep_id, count(*) filter (run_id not in (select unnest($pinned))) as n from metrics
            group by sweep_id
        ), failed as (
            select sweep_id, count(*) filter (run_id not in (select unnest($pinned))) as n from failures
            group by sweep_id
        ), detailed as (
            select sweep_id, count(*) as n from details where run_id not in (select unnest($pinned))
            group by sweep_id
        )
        select
            newest.sweep_id, status, strategy, owner, started_at, ended_at,
            coalesce(runs.n, 0) as runs,
            coalesce(failed.n, 0) as failures,
            coalesce(detailed.n, 0) as detailed,
            runs.n is null and failed.n is null
            and newest.sweep_id not in (select sweep_id from sweeps where status = $removed) as bare
        from newest
        left join runs on runs.sweep_id = newest.sweep_id
        left join failed on failed.sweep_id = newest.sweep_id
        left join detailed on detailed.sweep_id = newest.sweep_id
        order by newest.sweep_id
        """,
        {"removed": REMOVED, "pinned": sorted(pinned_runs)},
    )


def pinned_counts(catalog: Catalog, runs: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return, by sweep, how many of some runs it holds in metrics or failures, and in details."""
    rows = catalog.rows(
        """
        with held as (
            select sweep_id, run_id, 1 as run, 0 as detailed from metrics
            union all select sweep_id, run_id, 1, 0 from failures
            union all select sweep_id, run_id, 0, 1 from details
        )
        select sweep_id, sum(run) as runs, sum(detailed) as detailed from held
        where run_id in (select unnest($1)) group by sweep_id order by sweep_id
        """,
        [sorted(runs)],
    )
    return {row["sweep_id"]: (int(row["runs"]), int(row["detailed"])) for row in rows}


def judged_details(catalog: Catalog, rule: Details, sweeps: Sequence[str]) -> pa.Table:
    """Return every run with details of some sweeps, and whether it stays.

    In each group the best runs stay, and of the others those whose ids have the lowest hashes, as many as
    the rule samples. A run without the metric or with too few trades is never among the best; one whose
    trades are not counted may be. The same run of several sweeps of a group is one, and stays or goes in
    all of them. What a walk-forward tested does not compete: its curve is stitched from all of it.

    Args:
        catalog: The snapshot.
        rule: The policy's line.
        sweeps: Sweeps that compete; of others nothing is returned.

    Returns:
        sweep_id, run_id, stays.

    Raises:
        UnknownNameError: If the lake has no such metric.
    """
    order = by_score(catalog.schema, rule.score) if rule.score else by_metric(catalog.schema, rule.metric)
    group = ", ".join(quoted(_GROUPS[name]) for name in rule.per)
    direction = "desc" if order.descending else "asc"
    return catalog.arrow(
        f"""
        with valued as (
            select sweep_id, run_id, strategy, symbol, role,
                max({order.expression}) filter (
                    where (num_trades is null or num_trades >= $min_trades)
                ) as value
            from metrics where sweep_id in (select unnest($sweeps))
            group by all
        ), competing as (
            select details.sweep_id, details.run_id, details.strategy, details.symbol, valued.value
            from details left join valued
            on valued.sweep_id = details.sweep_id and valued.run_id = details.run_id
            and valued.strategy = details.strategy and valued.symbol = details.symbol
            where details.sweep_id in (select unnest($sweeps))
            and valued.role is distinct from 'out_of_sample'
        ), runs as (
            select {group}, run_id, {"max" if order.descending else "min"}(value) as value
            from competing group by all
        ), placed as (
            select *, value is not null and row_number() over (
                partition by {group} order by value {direction} nulls last, run_id
            ) <= $top as best from runs
        ), drawn as (
            select *, row_number() over (partition by {group}, best order by md5(run_id), run_id) as draw
            from placed
        )
        select competing.sweep_id, competing.run_id,
            bool_or(drawn.best or drawn.draw <= $random) as stays
        from competing join drawn using ({group}, run_id)
        group by all
        order by all
        """,  # noqa: S608
        {
            "sweeps": list(sweeps),
            "min_trades": rule.min_trades,
            "top": rule.top,
            "random": rule.random,
            **order.weights,
        },
    )


def missing_pins(catalog: Catalog, sweeps: Sequence[str], runs: Sequence[str]) -> Mapping[str, str]:
    """Return which of some sweeps and runs the lake does not have, or no longer, each with its kind.

    A sweep that was removed is missing, also if a pinned run is left of it.
    """
    known_sweeps = catalog.rows("select sweep_id from sweeps where status <> $1", [REMOVED])
    found = catalog.rows(
        """
        select run_id from metrics where run_id in (select unnest($1))
        union select run_id from failures where run_id in (select unnest($1))
        """,
        [list(runs)],
    )
    there = {row["sweep_id"] for row in known_sweeps}, {row["run_id"] for row in found}
    missing = dict.fromkeys((name for name in sweeps if name not in there[0]), "sweep")
    return missing | dict.fromkeys((name for name in runs if name not in there[1]), "run")


def chosen_by_id(catalog: Catalog, name: str, line: str) -> Choice:
    """Return the choice of everything of one sweep, or of one run in every sweep that has it.

    Raises:
        RemovedError: If it was removed.
        UnknownNameError: If there is no such sweep or run.
    """
    sweeps = catalog.rows("select sweep_id from sweeps where sweep_id = $1 and status <> $2", [name, REMOVED])
    if sweeps or _any_row(catalog, "sweep_id", name):
        return Choice(line, "sweep", frozenset([name]))
    owners = _any_row(catalog, "run_id", name)
    if owners:
        return Choice(line, "sweep", runs={sweep: pa.array([name], pa.string()) for sweep in owners})
    for kind, removal in (("sweep", removed_sweep(catalog, name)), ("run", removed_run(catalog, name))):
        if removal is not None:
            raise RemovedError(kind, name, str(removal))
    near = catalog.rows(
        """
        select sweep_id as id from sweeps where starts_with(sweep_id, $1)
        union select run_id from metrics where starts_with(run_id, $1) order by id limit 3
        """,
        [name[:8]],
    )
    raise UnknownNameError("run or sweep", name, [row["id"] for row in near])


def kind_of(catalog: Catalog, name: str) -> str:
    """Return whether an id is a sweep's or a run's.

    Raises:
        UnknownNameError: If it is neither.
    """
    return "sweep" if chosen_by_id(catalog, name, "").sweeps else "run"


def _any_row(catalog: Catalog, column: str, value: str) -> list[str]:
    """Return the sweeps that have rows of runs or failures with a value, sorted."""
    rows = catalog.rows(
        f"""
        select sweep_id from metrics where {column} = $1
        union select sweep_id from failures where {column} = $1 order by sweep_id
        """,  # noqa: S608
        [value],
    )
    return [row["sweep_id"] for row in rows]
