"""Ranking: what a metric's name means in SQL, and which end of it is the good one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX, DIRECTION, METRIC_NAMES
from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
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
        weights: Values that the expression binds.
        column: Name of the value in results.
    """

    expression: str
    descending: bool
    column: str
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
    """
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
    return Ranking(quoted(column), DIRECTION.get(column, 1) >= 0, column)


def by_score(schema: pa.Schema, score: Mapping[str, float]) -> Ranking:
    """Return the order of a weighted sum of raw metrics; NULL if any of them is NULL.

    Raises:
        UnknownNameError: If a weight names no metric.
    """
    terms = [
        f"$weight_{place} * cast({quoted(metric_column(schema, metric))} as double)"
        for place, metric in enumerate(score)
    ]
    weights = {f"weight_{place}": float(weight) for place, weight in enumerate(score.values())}
    return Ranking(f"({' + '.join(terms)})", descending=True, column=COMPOSITE, weights=weights)


def ranking(catalog: Catalog, metric: str, sweep: str | None = None) -> Ranking:
    """Return the order that a name asks for: a metric, `composite_score` of a sweep, or `date`, newest first.

    Raises:
        UnknownNameError: If there is no such metric or sweep.
        BadValueError: If the score is asked for without a sweep, or the sweep's configuration has none.
    """
    if metric == DATE:
        return Ranking("created_at", descending=True, column="created_at")
    if metric != COMPOSITE:
        return by_metric(catalog.schema, metric)
    if sweep is None:
        raise BadValueError("metric", metric, "name the sweep whose [score] to use, e.g. --sweep ID")
    score = json.loads(sweep_row(catalog, sweep)["config"] or "{}").get("score")
    if not score:
        raise BadValueError("metric", metric, f"the configuration of sweep {sweep} has no [score]")
    return by_score(catalog.schema, score)
