"""Correlated: the best runs as ideas, so that ten variants of one are not taken for ten."""

from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from queries import html
from queries.catalog import Catalog
from queries.errors import BadValueError
from queries.given import count, number
from queries.judgement.scope import Judged, Scope, judged, shown
from queries.text import quoted

EQUITY, BLOCK_SUMS = "equity", "block_sums"


class Correlated(NamedTuple):
    """How alike the best runs are.

    Attributes:
        source: What was correlated: equity (bar returns of the stored curves) or block_sums (the sums of
            returns in 16 blocks, which are few: they tell variants of one idea, and little more).
        runs: One row per run, best first, ties by run_id: place (from 1), run_id, sweep_id, symbol, value,
            the parameters that vary, and idea.
        ideas: One row per idea, that of the best run first: idea (from 1), runs (how many), best_run_id,
            and its value.
        pairs: One row per pair of runs: place_a, place_b (above place_a), correlation; NULL where either does
            not vary or they have no times in common.
    """

    source: str
    runs: pa.Table
    ideas: pa.Table
    pairs: pa.Table

    def __repr__(self) -> str:
        return f"Correlated({len(self.runs)} runs are {len(self.ideas)} ideas, by {self.source})"

    def _repr_html_(self) -> str:
        told = f"The best {len(self.runs)} runs are {len(self.ideas)} ideas, by {self.source}"
        return html.fragment(html.title(told), html.table(self.ideas), html.table(self.runs, most=20))


def correlated(
    catalog: Catalog, scope: Scope, metric: str = "sharpe", n: int = 20, threshold: float = 0.9
) -> Correlated:
    """Return the correlation of returns among the n best runs, and which of them are one idea.

    Runs are one idea if a chain of correlations at or above the threshold leads from one to the other (single
    linkage). Returns are those of the stored curves, whichever sweep stored them, at the times that two
    curves share, from their second bar on, if all n runs have one; else block sums, of runs on the same
    window alone: blocks of others are not the same time.

    Args:
        catalog: Where the runs are.
        scope: Which runs.
        metric: A metric in its natural direction, or composite_score of the sweep.
        n: How many of the best runs; one without the metric never ranks.
        threshold: Least correlation of two runs of one idea, between 0 and 1.

    Raises:
        BadValueError: If n or the threshold makes no sense; else as `judged`.
    """
    n = count("n", n, 1)
    least = number("threshold", threshold)
    if least is None or not 0.0 < least < 1.0:
        raise BadValueError("threshold", threshold, "give a correlation between 0 and 1, e.g. 0.9")
    runs = judged(catalog, scope, metric)
    best = _best(runs, n)
    places, run_ids = best["place"].to_pylist(), best["run_id"].to_pylist()
    curves = {row["run_id"]: row["sweep_id"] for row in catalog.rows(_CURVES, [run_ids])}
    source = EQUITY if curves.keys() >= set(run_ids) else BLOCK_SUMS
    sweeps = [curves[run_id] for run_id in run_ids] if source == EQUITY else best["sweep_id"].to_pylist()
    bound = {"places": places, "run_ids": run_ids, "sweeps": sweeps}
    pairs = catalog.arrow(_PAIRS.format(best=_BEST, series=_SERIES[source]), bound)
    alike = (
        (row["place_a"], row["place_b"])
        for row in pairs.to_pylist()
        if row["correlation"] is not None and row["correlation"] >= least
    )
    ideas = _ideas(best.num_rows, alike)
    grouped = best.append_column("idea", pa.array(ideas, pa.int64()))
    return Correlated(source, grouped, _summed(grouped), pairs)


_BEST = """
with best as (
    select unnest($places) as place, unnest($run_ids) as run_id, unnest($sweeps) as sweep_id
)
"""
_CURVES = "select run_id, sweep_id from details_latest where run_id in (select unnest($1))"
_SERIES = {
    EQUITY: """
        select best.place, '' as period, epoch_us(equity.time) as moment,
            equity / nullif(lag(equity) over (partition by best.place order by time), 0) - 1 as gain
        from equity inner join best using (sweep_id, run_id)
    """,
    BLOCK_SUMS: """
        select best.place, concat(period_start, '/', period_end, '/', n_bars) as period,
            generate_subscripts(block_sums, 1) as moment, cast(unnest(block_sums) as double) as gain
        from metrics inner join best using (sweep_id, run_id) where role = 'full'
    """,
}
_PAIRS = """
{best},
series as materialized ({series}),
correlations as (
    select one.place as place_a, other.place as place_b, corr(one.gain, other.gain) as correlation
    from series as one inner join series as other
        on one.moment = other.moment and one.period = other.period and one.place < other.place
    group by one.place, other.place
)
select one.place as place_a, other.place as place_b,
    case when isfinite(correlation) then greatest(-1, least(1, correlation)) end as correlation
from best as one inner join best as other on one.place < other.place
left join correlations on place_a = one.place and place_b = other.place
order by 1, 2
"""


def _best(runs: Judged, n: int) -> pa.Table:
    axes = runs.axes()
    columns = "".join(f", {shown(axis.parameter)} as {quoted(axis.parameter.column)}" for axis in axes)
    return runs.ask(
        f"""
        select row_number() over (order by worth desc, run_id) as place,
            run_id, sweep_id, symbol, value {columns}
        from ({runs.runs([axis.parameter.column for axis in axes])})
        where worth is not null order by place limit $n
        """,  # noqa: S608
        n=n,
    )


def _ideas(count: int, alike: Iterable[tuple[int, int]]) -> list[int]:
    """Return the number of the idea of each place, by the chains that pairs of places make."""
    first = list(range(count + 1))  # place by place, another of the same idea that comes no later

    def root(place: int) -> int:
        while first[place] != place:
            place = first[place]
        return place

    for one, other in alike:
        low, high = sorted((root(one), root(other)))
        first[high] = low
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(place), len(numbers) + 1) for place in range(1, count + 1)]


def _summed(runs: pa.Table) -> pa.Table:
    """Return the ideas of runs that come best first."""
    found = runs.group_by("idea", use_threads=False).aggregate(
        [("run_id", "count"), ("run_id", "first"), ("value", "first")]
    )
    names = {"idea": "idea", "run_id_count": "runs", "run_id_first": "best_run_id", "value_first": "value"}
    return found.select(list(names)).rename_columns(list(names.values()))
