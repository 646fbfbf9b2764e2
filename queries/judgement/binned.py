"""Binned: millions of runs as the cells of a picture, counted in SQL."""

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from queries.catalog import Catalog
from queries.errors import BadValueError
from queries.judgement.bins import Bins, bins
from queries.judgement.scope import Judged, Scope, judged

ACROSS, DOWN = 120, 80
"""Most cells of a picture."""


class Binned(NamedTuple):
    """Runs as cells of a plane, or of a line.

    Attributes:
        axes: The pieces of x, and on a plane of y.
        cells: One row per cell with a run, in order of x and y, off first: x, y (absent on a line), runs,
            best_value, best_run_id, best_x, best_y. x and y are the middle of a range, or a parameter's value
            (NULL is off). The best run is that of the metric's natural direction, ties by run_id, NULL
            where no run of the cell has it; best_x and best_y are its own.
        runs: Runs that were asked for: those in cells, `outside` and `undefined` together.
        outside: Runs that have x and y, and lie beyond the ranges that are drawn.
        undefined: Runs that lack x or y; off counts where it has no piece of its own.
        best: The best run of all, also of those that are not drawn: value, run_id, x, y; None if no run has
            the metric.
    """

    axes: tuple[Bins, ...]
    cells: pa.Table
    runs: int
    outside: int
    undefined: int
    best: dict[str, Any] | None


def binned(
    catalog: Catalog,
    scope: Scope,
    x: str,
    y: str | None = None,
    *,
    metric: str = "sharpe",
    across: int = ACROSS,
    down: int = DOWN,
) -> Binned:
    """Return how many runs lie where, by two metrics or parameters, and the best of each place.

    DuckDB holds a row per cell, Python the same: memory does not grow with the runs.

    Args:
        catalog: Where the runs are.
        scope: Which runs.
        x: A metric, composite_score of the sweep, or a parameter; its pieces are those of `bins`.
        y: Another; None for a histogram of x.
        metric: What the best run of a cell is best in.
        across: Most pieces of x.
        down: Most pieces of y.

    Raises:
        BadValueError: If x and y are the same, or there are to be no pieces.
        QueryError: As `judged` and `bins`.
    """
    if min(across, down) < 1:
        raise BadValueError("cells", (across, down), "ask for at least one piece of each axis")
    runs = judged(catalog, scope, metric)
    axes = {"x": bins(runs, x, across)}
    if y is not None:
        axes["y"] = bins(runs, y, down)
        if axes["x"].quantity == axes["y"].quantity:
            raise BadValueError("y", y, "name another metric or parameter than x, or none for a histogram")
    found = _cells(runs, axes)
    rows = found.group_by("state").aggregate([("runs", "sum")]).to_pylist()
    counts = {row["state"]: row["runs_sum"] for row in rows}
    return Binned(
        axes=tuple(axes.values()),
        cells=found.filter(pc.equal(found["state"], "drawn")).drop_columns(["state"]),
        runs=sum(counts.values()),
        outside=counts.get("outside", 0),
        undefined=counts.get("undefined", 0),
        best=_best(runs, found),
    )


def _cells(runs: Judged, axes: dict[str, Bins]) -> pa.Table:
    """Return the cells in order, and a row each for what lies outside and what is undefined, by `state`."""
    names = list(axes)
    columns = list(dict.fromkeys(column for axis in axes.values() for column in axis.quantity.terms))
    values = "".join(f", {axis.quantity.expression} as {name}" for name, axis in axes.items())
    places = "".join(f", {axis.place(name)} as place_{name}" for name, axis in axes.items())
    known = " and ".join(axis.is_known(name) for name, axis in axes.items())
    inside = " and ".join(axis.is_inside(f"place_{name}") for name, axis in axes.items())
    state = "case when drawn then 'drawn' when known then 'outside' else 'undefined' end as state"
    keys = "".join(f", case when drawn then place_{name} end as {name}" for name in names)
    exact = "".join(f", {name} as exact_{name}" for name in names)
    same = " and ".join(f"cells.{name} is not distinct from held.{name}" for name in names)
    bests = "".join(f", arg_min_null(held.exact_{name}, held.run_id) as best_{name}" for name in names)
    middles = ", ".join(f"{axis.centre(name)} as {name}" for name, axis in axes.items())
    # Which run is the best of a cell is asked of those at its best value, as in a heatmap.
    return runs.ask(
        f"""
        with taken as (select run_id, worth {values} from ({runs.runs(columns)})),
        placed as (select *, {known} as known {places} from taken),
        told as (select *, known and {inside} as drawn from placed),
        held as not materialized (select run_id, worth, {state} {keys} {exact} from told),
        cells as (
            select state, {", ".join(names)}, count(*) as runs, max(worth) as highest
            from held group by all
        ),
        named as (
            select cells.state, {", ".join(f"cells.{name}" for name in names)},
                any_value(cells.runs) as runs, {runs.sign:d} * any_value(cells.highest) as best_value,
                min(held.run_id) as best_run_id {bests}
            from cells left join held
                on cells.state = held.state and {same} and cells.highest = held.worth
            group by cells.state, {", ".join(f"cells.{name}" for name in names)}
        )
        select state, {middles}, runs, best_value, best_run_id, {", ".join(f"best_{name}" for name in names)}
        from named order by {", ".join(f"named.{name} nulls first" for name in names)}
        """,  # noqa: S608
        **{name: value for axis, cut in axes.items() for name, value in cut.bound(axis).items()},
    )


def _best(runs: Judged, found: pa.Table) -> dict[str, Any] | None:
    """Return the best run of all rows, ties by run_id."""
    rows = [row for row in found.to_pylist() if row["best_run_id"] is not None]
    if not rows:
        return None
    best = min(rows, key=lambda row: (-runs.sign * row["best_value"], row["best_run_id"]))
    return {name.removeprefix("best_"): value for name, value in best.items() if name.startswith("best_")}
