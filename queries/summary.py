"""Summary: what came out of one sweep."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from queries import html
from queries.catalog import Catalog
from queries.filters import Filters
from queries.luck.luck import Luck, is_it_luck
from queries.search import best
from queries.sweep import status, sweep_row
from queries.walk_forward import out_of_sample, tests

_BEST = (
    *("run_id", "symbol", "composite_score", "sharpe", "total_return", "max_drawdown", "num_trades"),
    *("win_rate", "cagr"),
)
_MOST_RUNS = 1_000_000
"""Of so many it takes about a second to tell whether the best is luck."""
_UNTOLD = "of so many runs, this tells whether the best one is luck"


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

    @property
    def is_luck_untold(self) -> bool:
        """Whether it has too many runs to tell in passing whether the best one is luck."""
        return bool(self.sweep["done"] > _MOST_RUNS)

    def __repr__(self) -> str:
        state = self.sweep
        counts = f"{state['done']:,} of {state['runs']:,} runs, {state['failed']:,} failed"
        return f"Summary({state['sweep_id']!r}: {state['name']}, {state['status']}, {counts})"

    def _repr_html_(self) -> str:
        counts = {name: value for name, value in self.sweep.items() if name != "name"}
        parts = [html.title(str(self.sweep["name"])), html.facts(counts)]
        if self.quantiles.num_rows:
            parts += [html.title("Over all runs"), html.table(self.quantiles, most=40, alike=False)]
        if self.best.num_rows:
            main = [name for name in _BEST if name in {*self.best.column_names, self.metric}]
            parts += [html.title(f"Best by {self.metric}"), html.table(self.best, main)]
        if self.tests.num_rows:
            parts += [html.title("Out of sample, stitched"), html.table(self.out_of_sample)]
        if self.luck:
            parts += [html.title("Is it luck?"), html.sentence(self.luck[-1].verdict)]
        if self.is_luck_untold:
            asked = f"sweep.luck(), or sweeplake luck {self.sweep['sweep_id']}"
            parts += [html.title("Is it luck?"), html.sentence(f"{_UNTOLD}: {asked}")]
        if self.failures.num_rows:
            parts += [html.title("Failures by cause"), html.table(self.failures)]
        return html.fragment(*parts)


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
        failures=failures_by_cause(catalog, sweep_id),
        out_of_sample=out_of_sample(catalog, sweep_id),
        tests=tests(catalog, sweep_id),
        luck=[] if state["done"] > _MOST_RUNS else is_it_luck(catalog, sweep_id),
    )


def failures_by_cause(catalog: Catalog, sweep_id: str) -> pa.Table:
    """Return one row per cause of a sweep's failures, the most frequent first; no row without failures."""
    return catalog.arrow("select * from failures_by_cause($1)", [sweep_id])
