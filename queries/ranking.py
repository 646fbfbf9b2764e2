"""Ranking: what a metric's name means in SQL, and which end of it is the good one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX, DIRECTION, METRIC_NAMES
from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.given import require_text
from queries.sweep import sweep_row
from queries.text import quoted

COMPOSITE = "composite_score"
DATE = "date"


@dataclass(frozen=True)
class Ranking:
    """An order of runs.

    Attributes:
        expression: SQL over the columns of metrics; NULL ranks last.
        descending: Whether the highest value is the best.
        column: Name of the value in results.
        terms: Weights of the columns whose sum it is; of a single column as it is, 1.
        weights: Values that the expression binds.
    """

    expression: str
    descending: bool
    column: str
    terms: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


def metric_names(schema: pa.Schema) -> list[str]:
    """Return every metric that runs of a lake can be ranked by, a backtester's own without their prefix."""
    own = [
        name.removeprefix(CUSTOM_METRIC_PREFIX)
        for name in schema.names
        if name.startswith(CUSTOM_METRIC_PREFIX)
    ]
    return [*METRIC_NAMES, *own]


def metric_column(schema: pa.Schema, metric: str) -> str:
    """Return the column of metrics that holds a metric.

    Raises:
        UnknownNameError: If there is none; it names the nearest.
        BadValueError: If the name is no text.
    """
    require_text("metric", metric, "give the name of a metric, e.g. sharpe")
    if metric in METRIC_NAMES:
        return metric
    for column in (metric, CUSTOM_METRIC_PREFIX + metric):
        if column.startswith(CUSTOM_METRIC_PREFIX) and column in schema.names:
            return column
    raise UnknownNameError("metric", metric, [*metric_names(schema), COMPOSITE])


def by_metric(schema: pa.Schema, metric: str) -> Ranking:
    """Return the order of a metric in its natural direction; highest first where it has none.

    Raises:
        UnknownNameError: If there is no such metric.
    """
    column = metric_column(schema, metric)
    return Ranking(quoted(column), DIRECTION.get(column, 1) >= 0, column, {column: 1.0})


def by_score(schema: pa.Schema, score: Mapping[str, float]) -> Ranking:
    """Return the order of a weighted sum of raw metrics; NULL if any of them is NULL.

    Raises:
        UnknownNameError: If a weight names no metric.
    """
    columns: dict[str, float] = {}
    for metric, weight in score.items():  # one of a backtester's own has two names
        column = metric_column(schema, metric)
        columns[column] = columns.get(column, 0.0) + float(weight)
    terms = [f"$weight_{place} * cast({quoted(column)} as double)" for place, column in enumerate(columns)]
    weights = {f"weight_{place}": weight for place, weight in enumerate(columns.values())}
    return Ranking(f"({' + '.join(terms)})", True, COMPOSITE, columns, weights)  # noqa: FBT003


def ranking(catalog: Catalog, metric: str, sweep: str | None = None) -> Ranking:
    """Return the order that a name asks for: a metric, `composite_score` of a sweep, or `date`, newest first.

    Raises:
        UnknownNameError: If there is no such metric or sweep.
        BadValueError: If the score is asked for without a sweep, or the sweep's configuration has none.
    """
    if metric == DATE:
        return Ranking("created_at", descending=True, column="created_at", terms={"created_at": 1.0})
    if metric != COMPOSITE:
        return by_metric(catalog.schema, metric)
    if sweep is None:
        raise BadValueError("metric", metric, "name the sweep whose [score] to use, e.g. --sweep ID")
    score = json.loads(sweep_row(catalog, sweep)["config"] or "{}").get("score")
    if not score:
        raise BadValueError("metric", metric, f"the configuration of sweep {sweep} has no [score]")
    return by_score(catalog.schema, score)
