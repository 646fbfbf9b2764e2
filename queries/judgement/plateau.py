"""Plateau: whether good runs stand on high ground, or are lone peaks that chance has raised."""

import pyarrow as pa

from queries.catalog import Catalog
from queries.given import count
from queries.judgement.grid import grid
from queries.judgement.scope import Scope, judged


def plateau(catalog: Catalog, scope: Scope, metric: str = "sharpe", n: int = 10) -> pa.Table:
    """Return how good the neighbours of the n best runs are.

    The score is the share of a run's lead that its neighbourhood keeps: (median of the neighbours - m) /
    (value - m), where m is the median of all runs that are judged. It is 1 where the neighbours are as good
    as the run itself or better, 0 where they are as ordinary as any run, negative where they are worse. Both
    differences are in the metric's own unit, so that metrics and sweeps of any spread compare. That a
    parameter set is to be trusted as far as its neighbours follow it, after R. Pardo, The Evaluation and
    Optimization of Trading Strategies, 2nd edition, Wiley 2008, on spikes and plateaus; the ratio is ours.

    Args:
        catalog: Where the runs are.
        scope: Which runs; their axes are the parameters with more than one value among them.
        metric: A metric in its natural direction, or composite_score of the sweep.
        n: Most runs to return; a run without the metric never ranks.

    Returns:
        One row per run, best first, ties by run_id: place (from 1), run_id, sweep_id, symbol, value, the
        parameters that vary, neighbours (that exist), valued (those that have the metric), their mean, worst
        and median in the metric's unit, and score. NULL without a valued neighbour; the score also if the
        run is no better than the median.

    Raises:
        BadValueError: If n is below 1; else as `judged`.
    """
    n, cells = count("n", n, 1), grid(judged(catalog, scope, metric))
    return cells.ask(
        f"""
        best as (
            select *, row_number() over (order by worth desc, run_id) as place
            from cells where worth is not null qualify place <= $n
        ),
        ordinary as (select median(worth) as worth from cells),
        looking as ({cells.looking("best")}),
        around as (
            select best.place, best.run_id, best.worth, count(cells.run_id) as neighbours,
                count(cells.worth) as valued, avg(cells.worth) as mean, min(cells.worth) as worst,
                median(cells.worth) as median
            from looking as best
            left join cells on {cells.near("best", "cells")} and cells.run_id <> best.run_id
            group by best.place, best.run_id, best.worth
        )
        """,  # noqa: S608
        f"""
        select place, {cells.values()}, neighbours, valued,
            {cells.judged.sign} * mean as mean, {cells.judged.sign} * worst as worst,
            {cells.judged.sign} * median as median,
            case when around.worth > ordinary.worth and median is not null
                then least(1, (median - ordinary.worth) / (around.worth - ordinary.worth)) end as score
        from around inner join runs using (run_id) cross join ordinary
        order by place
        """,  # noqa: S608
        n=n,
    )


def plateaus(catalog: Catalog, scope: Scope, metric: str = "sharpe", n: int = 10) -> pa.Table:
    """Return the n runs with the best smoothed value, so that a lone peak loses.

    The smoothed value is the mean over a run and its neighbours, as many as the fullest neighbourhood has
    values: what one has less, because cells lie outside of the grid, do not exist or lack the metric, counts
    as the median of all runs that are judged. What is not known is taken to be ordinary.

    Args, raises: As `plateau`.

    Returns:
        One row per run that has the metric, best smoothed value first, ties by run_id: place (from 1),
        run_id, sweep_id, symbol, value, the parameters that vary, neighbours, valued, smoothed.
    """
    n, cells = count("n", n, 1), grid(judged(catalog, scope, metric))
    return cells.ask(
        f"""
        {cells.boxes()},
        ordinary as (select median(worth) as worth from cells),
        fullest as (select max(valued) as valued from boxes),
        smoothed as (
            select boxes.run_id, boxes.cells - 1 as neighbours, boxes.valued - 1 as valued,
                (total + (fullest.valued - boxes.valued) * ordinary.worth) / fullest.valued as smoothed,
                row_number() over (order by smoothed desc, boxes.run_id) as place
            from boxes cross join fullest cross join ordinary
            where boxes.worth is not null qualify place <= $n
        )
        """,  # noqa: S608
        f"""
        select place, {cells.values()}, neighbours, valued, {cells.judged.sign} * smoothed as smoothed
        from smoothed inner join runs using (run_id)
        order by place
        """,  # noqa: S608
        n=n,
    )


def local_maxima(catalog: Catalog, scope: Scope, metric: str = "sharpe", n: int = 10) -> pa.Table:
    """Return the n best runs that no neighbour beats: the summits of the sweep.

    A run beside an equal one may be a summit, as is one without neighbours. In a metric whose lowest value is
    best they are the lowest points.

    Args, raises: As `plateau`.

    Returns:
        One row per run, best first, ties by run_id: place (from 1), run_id, sweep_id, symbol, value, the
        parameters that vary, neighbours, valued.
    """
    n, cells = count("n", n, 1), grid(judged(catalog, scope, metric))
    return cells.ask(
        f"""
        {cells.boxes()},
        summits as (
            select run_id, cells - 1 as neighbours, valued - 1 as valued,
                row_number() over (order by worth desc, run_id) as place
            from boxes where worth = highest qualify place <= $n
        )
        """,  # noqa: S608
        f"""
        select place, {cells.values()}, neighbours, valued
        from summits inner join runs using (run_id)
        order by place
        """,  # noqa: S608
        n=n,
    )
