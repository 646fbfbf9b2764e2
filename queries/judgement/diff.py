"""Diff: what changed between two sweeps, in what they were asked and in what came out."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from queries import html
from queries.catalog import Catalog
from queries.errors import BadValueError
from queries.given import count
from queries.judgement.inputs import changed_inputs
from queries.judgement.scope import Judged, Scope, judged, recorded, shown
from queries.parameters import ParameterColumn
from queries.sweep import sweep_row
from queries.text import quoted


@dataclass(frozen=True)
class Diff:
    """Two sweeps beside each other, over their runs of role full.

    A cell is a symbol with the values of all parameters that either sweep stores with its runs. What a sweep
    holds fixed, such as its fees, its bars and the strategy's code, makes no other cell: that is how a change
    of them is seen.

    Attributes:
        inputs: What was asked otherwise, as `changed_inputs`: key, change, before, after.
        runs: Counts of runs: before, after, in_both (the same run_id), only_before, only_after.
        cells: Of the cells in common: common (count), moved (whose metric is not the same), better and worse
            (in the metric's natural direction), mean and median (of after - before, where both have it).
        best: Of the best n: n, shared (cells among the best of both), share (of n, or of all runs that a
            sweep has with the metric, if they are fewer), rank_correlation (Spearman's, over the cells in
            common that have the metric in both). NULL where there is nothing to compare.
        moves: The cells in common that moved most: symbol, the parameters, before, after, change (after -
            before, in the metric's unit), run_id_before, run_id_after. A metric that is there in one alone
            has no change, and comes last.
    """

    inputs: pa.Table
    runs: dict[str, Any]
    cells: dict[str, Any]
    best: dict[str, Any]
    moves: pa.Table

    def __repr__(self) -> str:
        changed, moved = len(self.inputs), self.cells["moved"]
        return f"Diff({changed} inputs changed, {moved:,} of {self.cells['common']:,} common cells moved)"

    def _repr_html_(self) -> str:
        parts = [html.title("What was asked otherwise"), html.table(self.inputs, most=40)]
        for name, facts in (("Runs", self.runs), ("Cells in common", self.cells), ("The best", self.best)):
            parts += [html.title(name), html.facts(facts)]
        return html.fragment(*parts, html.title("What moved most"), html.table(self.moves))


def diff(catalog: Catalog, before: str, after: str, metric: str = "sharpe", n: int = 10) -> Diff:
    """Return what changed between two sweeps.

    Args:
        catalog: Where the runs are.
        before: A sweep.
        after: Another.
        metric: A metric in its natural direction, or composite_score of the second sweep.
        n: Most moves to return, and how many of the best to compare.

    Raises:
        BadValueError: If both are one sweep, or n is below 1; else as `judged`.
    """
    n = count("n", n, 1)
    if before == after:
        raise BadValueError("sweep", after, "this is the same sweep; name another to compare it with")
    parameters = {
        parameter.column: parameter for sweep in (before, after) for parameter in recorded(catalog, sweep)
    }
    asked = _Asked(judged(catalog, Scope(after), metric), before, after, list(parameters.values()))
    return Diff(
        inputs=changed_inputs(sweep_row(catalog, before), sweep_row(catalog, after)),
        runs=asked.row(_RUNS),
        cells=asked.row(_CELLS),
        best=asked.row(_BEST, n=n),
        moves=asked.rows(asked.moves(), n=n),
    )


_RUNS = """
select before, after, in_both, before - in_both as only_before, after - in_both as only_after
from (select count(*) as before from old),
    (select count(*) as after from new),
    (select count(*) as in_both from old inner join new using (run_id))
"""
_CELLS = """
select
    count(*) as common,
    count(*) filter (before is distinct from after) as moved,
    count(*) filter (worth_after > worth_before) as better,
    count(*) filter (worth_after < worth_before) as worse,
    avg(after - before) as mean,
    median(after - before) as median
from pairs
"""
# Spearman's correlation is that of the ranks, equal values sharing the mean of theirs.
_BEST = """
with ranked as (
    select
        rank() over (order by before) + (count(*) over (partition by before) - 1) / 2 as rank_before,
        rank() over (order by after) + (count(*) over (partition by after) - 1) / 2 as rank_after
    from pairs where before is not null and after is not null
),
best_before as (select run_id from old where worth is not null order by worth desc, run_id limit $n),
best_after as (select run_id from new where worth is not null order by worth desc, run_id limit $n),
shared as (
    select count(*) as shared from pairs
    where run_id_before in (from best_before) and run_id_after in (from best_after)
),
sizes as (
    select least((select count(*) from best_before), (select count(*) from best_after)) as fewer
)
select
    $n as n,
    shared.shared,
    shared.shared / nullif(sizes.fewer, 0) as share,
    (
        select case when count(distinct rank_before) > 1 and count(distinct rank_after) > 1
            then corr(rank_before, rank_after) end from ranked
    ) as rank_correlation
from shared cross join sizes
"""


@dataclass(frozen=True)
class _Asked:
    """Questions about two sweeps; `old` and `new` are their runs, `pairs` their cells in common."""

    judged: Judged
    before: str
    after: str
    parameters: list[ParameterColumn]

    def row(self, select: str, **values: int) -> dict[str, Any]:
        found: dict[str, Any] = self.rows(select, **values).to_pylist()[0]
        return found

    def rows(self, select: str, **values: int) -> pa.Table:
        value = f"cast({self.judged.order.expression} as double)"
        columns = [quoted(parameter.column) for parameter in self.parameters]
        runs = f"""
            select strategy, run_id, symbol, {value} as value, {self.judged.sign:d} * value as worth
                {"".join(f", {column}" for column in columns)}
            from metrics where role = 'full' and sweep_id =
        """  # noqa: S608
        same = "".join(f" and old.{column} is not distinct from new.{column}" for column in columns)
        text = f"""
            with old as ({runs} $before), new as ({runs} $after),
            pairs as (
                select new.* exclude (strategy, run_id, value, worth), old.value as before,
                    new.value as after, old.worth as worth_before, new.worth as worth_after,
                    old.run_id as run_id_before, new.run_id as run_id_after
                from old inner join new on old.strategy = new.strategy and old.symbol = new.symbol {same}
            )
            from ({select})
        """  # noqa: S608
        bound = {"before": self.before, "after": self.after, **self.judged.order.weights, **values}
        return self.judged.catalog.arrow(text, bound)

    def moves(self) -> str:
        columns = "".join(
            f", {shown(parameter)} as {quoted(parameter.column)}" for parameter in self.parameters
        )
        return f"""
            select symbol {columns}, before, after, after - before as change, run_id_before, run_id_after
            from pairs where before is distinct from after
            order by abs(change) desc nulls last, run_id_after limit $n
        """  # noqa: S608
