"""Bins: the pieces into which a metric or a parameter of many runs is cut to be drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX
from queries.errors import BadValueError, UnknownNameError
from queries.judgement.scope import Judged, shown
from queries.parameters import ParameterColumn, Value, find
from queries.ranking import COMPOSITE, by_metric, metric_names, ranking

_CUT = 1000
"""A thousandth of the runs, and one, may lie outside at either end,"""
_MOST_CUT = 9_999
"""but never more than what DuckDB finds in one pass without sorting,"""
_FAR = 2.0
"""and only if they lie so many times as far from the rest as the rest is wide."""
_ORDERED = ("int", "float")


@dataclass(frozen=True)
class Quantity:
    """A metric or a parameter as SQL over the columns of metrics.

    Attributes:
        name: A metric's column, a parameter's name.
        expression: SQL: a metric as DOUBLE, a parameter in its own kind.
        terms: The columns that the expression reads, by weight.
        weights: Values that it binds.
        parameter: The parameter; None if it is a metric.
        is_whole: Whether its values are whole numbers.
    """

    name: str
    expression: str
    terms: Mapping[str, float]
    weights: Mapping[str, float]
    parameter: ParameterColumn | None
    is_whole: bool


@dataclass(frozen=True)
class Bins:
    """Pieces of a quantity: each value of a parameter by itself, or ranges of equal width.

    Attributes:
        quantity: What is cut.
        choices: A parameter's values in order, off (None) first; None if it is cut into ranges.
        count: Pieces; 0 if no run has the quantity.
        lower: Where the ranges begin.
        upper: Where they end; a value there belongs to the last one.
        lowest: Lowest value of all runs, which may lie outside; None beside `choices`, or if there is none.
        highest: Highest value of all runs.
    """

    quantity: Quantity
    choices: tuple[Value, ...] | None
    count: int
    lower: float = 0.0
    upper: float = 1.0
    lowest: float | None = None
    highest: float | None = None

    @property
    def width(self) -> float:
        """Width of a range."""
        return (self.upper - self.lower) / max(1, self.count)

    def place(self, axis: str) -> str:
        """Return SQL that tells the piece of the column `axis`.

        The value itself, or the number of its range from 0: -1 below the first, `count` above the last, NULL
        if there is no value. It binds `bound` of the same axis.
        """
        if self.choices is not None:
            return axis
        return (
            f"case when {axis} < ${axis}_lower then -1 when {axis} > ${axis}_upper then {self.count:d} "
            f"else least({max(1, self.count) - 1:d}, "
            f"cast(floor(({axis} - ${axis}_lower) / ${axis}_width) as integer)) end"
        )

    def centre(self, axis: str) -> str:
        """Return SQL that tells what lies in the middle of the piece in the column `axis`."""
        return axis if self.choices is not None else f"${axis}_lower + ({axis} + 0.5) * ${axis}_width"

    def is_inside(self, axis: str) -> str:
        """Return the condition that the piece in the column `axis` is one of these."""
        return "true" if self.choices is not None else f"{axis} between 0 and {self.count - 1:d}"

    def is_known(self, axis: str) -> str:
        """Return the condition that the column `axis` has a value; off is one where it has a piece."""
        return "true" if self.choices is not None else f"{axis} is not null"

    def bound(self, axis: str) -> dict[str, float]:
        """Return the values that the SQL of an axis binds."""
        if self.choices is not None:
            return dict(self.quantity.weights)
        edges = {"lower": self.lower, "upper": self.upper, "width": self.width}
        return {**self.quantity.weights, **{f"{axis}_{name}": value for name, value in edges.items()}}


def bins(runs: Judged, name: str, most: int) -> Bins:
    """Return at most so many pieces of a metric or parameter.

    A parameter of so few values has a piece for each. All else is cut into ranges of equal width, whole
    numbers into ranges of whole width, between the lowest and the highest value. An end that lies farther
    from the rest than twice its width is cut off, so that one run of a profit factor of a million does not
    make a line of all others: the rest is all but a thousandth of the runs and one, 10,000 at most.

    Args:
        runs: The runs; two or three passes over the column.
        name: A metric, composite_score of the sweep, or a parameter.
        most: Most pieces.

    Raises:
        UnknownNameError: If it is neither a metric nor a parameter.
        BadValueError: If it is a text of more values.
    """
    held = quantity(runs, name)
    if held.parameter is None:
        return _ranges(runs, held, most)
    values = _values(runs, held, most + 1)
    if len(values) <= most:
        return Bins(held, values, len(values))
    if held.parameter.kind not in _ORDERED:
        raise BadValueError("axis", name, f"it has more than {most} values, too many to draw; name another")
    return _ranges(runs, held, most)


def quantity(runs: Judged, name: str) -> Quantity:
    """Return a metric or parameter by its name; a metric goes before a parameter of the same name.

    Raises:
        UnknownNameError: If there is none; it names the nearest.
    """
    metrics = [*metric_names(runs.catalog.schema), COMPOSITE]
    if name in metrics or name.startswith(CUSTOM_METRIC_PREFIX):
        return measure(runs, name)
    try:
        parameter = find(runs.parameters, name)
    except UnknownNameError as error:
        raise UnknownNameError("metric or parameter", name, [*error.known, *metrics]) from None
    whole = parameter.kind == "int"
    return Quantity(parameter.name, shown(parameter), {parameter.column: 1.0}, {}, parameter, whole)


def measure(runs: Judged, metric: str) -> Quantity:
    """Return a metric, or composite_score of the sweep, by its name.

    Raises:
        UnknownNameError: If there is none; it names the nearest.
        BadValueError: If the score is asked for, and the sweep has none.
    """
    schema = runs.catalog.schema
    order = (
        ranking(runs.catalog, metric, runs.scope.sweep) if metric == COMPOSITE else by_metric(schema, metric)
    )
    whole = metric != COMPOSITE and pa.types.is_integer(schema.field(order.column).type)
    value = f"cast({order.expression} as double)"
    return Quantity(order.column, value, order.terms, order.weights, None, whole)


def _values(runs: Judged, held: Quantity, most: int) -> tuple[Value, ...]:
    query = f"""
        select distinct {held.expression} as value from ({runs.runs(list(held.terms))})
        order by value nulls first limit {most:d}
    """  # noqa: S608
    return tuple(runs.ask(query)["value"].to_pylist())


def _ranges(runs: Judged, held: Quantity, most: int) -> Bins:
    query = f"select cast({held.expression} as double) as value from ({runs.runs(list(held.terms))})"  # noqa: S608
    count = runs.ask(f"select count(value) as runs from ({query})", **held.weights)["runs"][0].as_py()  # noqa: S608
    if not count:
        return Bins(held, None, 0)
    cut = min(_MOST_CUT, count // _CUT + 1) + 1
    [ends] = runs.ask(
        f"""
        select min(value) as lowest, max(value) as highest,
            list_max(min(value, {cut:d})) as low, list_min(max(value, {cut:d})) as high
        from ({query})
        """,  # noqa: S608
        **held.weights,
    ).to_pylist()
    lowest, highest, low, high = (ends[name] for name in ("lowest", "highest", "low", "high"))
    far = _FAR * (high - low)
    lower = low if 0 < far < low - lowest else lowest
    upper = high if 0 < far < highest - high else highest
    if held.is_whole:
        width = math.ceil((upper - lower + 1) / most)
        pieces = math.ceil((upper - lower + 1) / width)
        return Bins(held, None, pieces, lower - 0.5, lower - 0.5 + pieces * width, lowest, highest)
    if lower == upper:
        return Bins(held, None, 1, lower - 0.5, lower + 0.5, lowest, highest)
    return Bins(held, None, most, lower, upper, lowest, highest)
