"""Summary: what came out of one sweep."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from queries.catalog import Catalog
from queries.filters import Filters
from queries.luck.luck import Luck, is_it_luck
from queries.search import best
from queries.sweep import status, sweep_row
from queries.walk_forward import out_of_sample, tests

_MOST_RUNS = 1_000_000
"""Of so many it takes about a second to tell whether the best is luck."""


@dataclass(frozen=True)
class Summary:
    """One sweep at a glance.

    Attributes:
        sweep: Its row of `sweep_summary`: counts, time, status.
        metric: What its best run was chosen by: the configuration's `details.metric`, else sharpe.
        best: Its best run, as `best` returns it; no row if no run has the metric.
        quantiles: One row per main metric, as `sweep_quantiles`.
        failures: One row per cause, the most frequent first, as `failures_by_cause`.
        out_of_sample: One row per symbol and path of a walk-forward, as `walk_forward_summary`.
        tests: One row per split, symbol and tested span, as `walk_forward`.
        luck: As `is_it_luck`, by what costs little: without the halves of the window, and trials count as if
            none were like another; nothing for more than a million runs.
    """

    sweep: dict[str, Any]
    metric: str
    best: pa.Table
    quantiles: pa.Table
    failures: pa.Table
    out_of_sample: pa.Table
    tests: pa.Table
    luck: list[Luck]


def summary(catalog: Catalog, sweep_id: str) -> Summary:
    """Return what came out of one sweep, over its runs of role full.

    Raises:
        UnknownNameError: If there is no such sweep.
    """
    config = json.loads(sweep_row(catalog, sweep_id)["config"] or "{}")
    metric = (config.get("details") or {}).get("metric") or "sharpe"
    state = status(catalog, sweep_id).to_pylist()[0]
    return Summary(
        sweep=state,
        metric=metric,
        best=best(catalog, Filters(sweep=sweep_id), metric=metric, n=1),
        quantiles=catalog.arrow("select * from sweep_quantiles($1)", [sweep_id]),
        failures=catalog.arrow("select * from failures_by_cause($1)", [sweep_id]),
        out_of_sample=out_of_sample(catalog, sweep_id),
        tests=tests(catalog, sweep_id),
        luck=is_it_luck(catalog, sweep_id) if state["done"] <= _MOST_RUNS else [],
    )
