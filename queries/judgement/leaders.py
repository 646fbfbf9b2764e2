"""Leaders: the best runs, and what their parameters could have been."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from queries.catalog import Catalog
from queries.given import count
from queries.judgement.bins import measure
from queries.judgement.scope import Axis, Judged, Scope, judged, shown
from queries.parameters import ParameterColumn, Value
from queries.text import quoted

MOST = 200
"""More lines than that cannot be told apart."""


@dataclass(frozen=True)
class Tried:
    """What was tried of a parameter with more than one value.

    Attributes:
        parameter: The parameter.
        has_off: Whether some run had it off.
        lowest: Its lowest value; None of texts and flags.
        highest: Its highest value.
        choices: Values of a text or flag in order, off not among them; empty of numbers.
    """

    parameter: ParameterColumn
    has_off: bool
    lowest: Value
    highest: Value
    choices: tuple[Value, ...]


class Leaders(NamedTuple):
    """The best runs of a sweep.

    Attributes:
        metric: Column of what they are best in.
        runs: One row per run, best first, ties by run_id: place (from 1), run_id, sweep_id, symbol, the
            parameters that vary among all runs under their columns (NULL is off), and the metrics under
            theirs, the one that ranks first. NULL where a run lacks another metric.
        tried: What all runs tried of those parameters, in declared order.
        others: Columns of the further metrics.
    """

    metric: str
    runs: pa.Table
    tried: Sequence[Tried]
    others: Sequence[str]


def leaders(
    catalog: Catalog,
    scope: Scope,
    metric: str = "sharpe",
    n: int = MOST,
    others: Sequence[str] = ("total_return", "max_drawdown", "num_trades"),
) -> Leaders:
    """Return the n best runs with their parameters, and the span of values that each was chosen from.

    Args:
        catalog: Where the runs are.
        scope: Which runs.
        metric: A metric in its natural direction, or composite_score of the sweep; a run without it is none.
        n: Most runs.
        others: Further metrics that are told of each.

    Raises:
        BadValueError: If n is below 1.
        UnknownNameError: If a further metric is none.
        QueryError: As `judged`.
    """
    n = count("n", n, 1)
    runs = judged(catalog, scope, metric)
    further = [held for held in map(partial(measure, runs), others) if held.name != runs.order.column]
    axes = runs.axes()
    parameters = [axis.parameter for axis in axes]
    columns = [parameter.column for parameter in parameters]
    read = dict.fromkeys([*columns, *(column for other in further for column in other.terms)])
    values = "".join(f", {shown(parameter)} as {quoted(parameter.column)}" for parameter in parameters)
    told = "".join(f", {other.expression} as {quoted(other.name)}" for other in further)
    found = runs.ask(
        f"""
        with best as (
            select * from ({runs.runs(list(read))})
            where worth is not null order by worth desc, run_id limit $n
        )
        select row_number() over (order by worth desc, run_id) as place, run_id, sweep_id, symbol {values},
            value as {quoted(runs.order.column)} {told}
        from best order by place
        """,  # noqa: S608
        n=n,
        **{name: weight for other in further for name, weight in other.weights.items()},
    )
    return Leaders(
        runs.order.column, found, [_tried(runs, axis) for axis in axes], [other.name for other in further]
    )


def _tried(runs: Judged, axis: Axis) -> Tried:
    taken = f"select {shown(axis.parameter)} as held from ({runs.runs([axis.parameter.column])})"  # noqa: S608
    if axis.is_ordered:
        [ends] = runs.ask(f"select min(held) as lowest, max(held) as highest from ({taken})").to_pylist()  # noqa: S608
        return Tried(axis.parameter, axis.has_off, ends["lowest"], ends["highest"], ())
    query = f"select distinct held from ({taken}) where held is not null order by held"  # noqa: S608
    return Tried(axis.parameter, axis.has_off, None, None, tuple(runs.ask(query)["held"].to_pylist()))
