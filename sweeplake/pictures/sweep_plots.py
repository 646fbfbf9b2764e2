"""The pictures of a sweep, as `sweep.plot` offers them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from queries.judgement.binned import binned
from queries.judgement.heatmap import heatmap as cells
from queries.judgement.leaders import MOST, leaders
from queries.judgement.pareto import pareto as front
from queries.judgement.scope import Scope
from queries.judgement.sensitivity import sensitivity as decides
from queries.luck.luck import Luck, is_it_luck
from queries.ranking import metric_column
from queries.walk_forward import stitched
from sweeplake.pictures.distribution import distribution
from sweeplake.pictures.heatmap import heatmap
from sweeplake.pictures.parallel import parallel
from sweeplake.pictures.pareto import pareto
from sweeplake.pictures.scatter import scatter
from sweeplake.pictures.sensitivity import shares, slices
from sweeplake.pictures.stitched import stitched as curves

if TYPE_CHECKING:
    from sweeplake.sweep import Sweep

_BARS = 100
_LUCK = "sharpe"
"""The metric of which it is known what luck alone makes the best of many."""


class SweepPlots:
    """Pictures of one sweep, as Plotly figures.

    A metric is by default the sweep's own; `symbol`, `timeframe` and `where` take a part of the runs. A
    picture of nothing says so. Hover texts have run ids, which `lake.run` and `sweeplake show` take.
    """

    def __init__(self, sweep: "Sweep") -> None:
        self._sweep = sweep
        self._catalog = sweep.lake.catalog

    def heatmap(
        self,
        x: str,
        y: str | None = None,
        metric: str | None = None,
        aggregate: str = "median",
        **within: Any,
    ) -> go.Figure:
        """Return a metric over two parameters, or along one, everything else taken together."""
        scope, by = self._judged(metric, within)
        found = cells(self._catalog, scope, x, y, metric=by, aggregate=aggregate)
        return heatmap(found, x, y, metric=by, aggregate=aggregate, within=part(scope))

    def scatter(
        self, x: str = "max_drawdown", y: str = "sharpe", metric: str | None = None, **within: Any
    ) -> go.Figure:
        """Return all runs by two metrics or parameters, in cells; `metric` tells the best of each."""
        scope, by = self._judged(metric, within)
        return scatter(binned(self._catalog, scope, x, y, metric=by), by, within=part(scope))

    def distribution(
        self, metric: str | None = None, *, luck: Sequence[Luck] | None = None, **within: Any
    ) -> go.Figure:
        """Return how a metric is spread over all runs, with its best run.

        Of Sharpe ratios a line tells what the best of so many trials has without skill, for the symbol of
        the best run; how trials are counted stands below the title.

        Args:
            metric: The metric.
            luck: The answers of `sweep.luck`, for the line that they have; without them, trials count as if
                none were like another, and nothing is computed again.
            within: Which part of the runs.
        """
        scope, by = self._judged(metric, within)
        found = binned(self._catalog, scope, by, metric=by, across=_BARS)
        told: Sequence[Luck] = ()
        if by == _LUCK and not scope.where:
            told = is_it_luck(self._catalog, self._sweep.sweep_id) if luck is None else luck
        run_id = found.best and found.best["run_id"]
        line = next((one for one in told if one.symbol and run_id in one.run_ids), None)
        return distribution(found, luck=line, within=part(scope))

    def parallel(
        self,
        metric: str | None = None,
        n: int = MOST,
        others: Sequence[str] = ("total_return", "max_drawdown", "num_trades"),
        **within: Any,
    ) -> go.Figure:
        """Return the n best runs as lines through their parameters and further metrics."""
        scope, by = self._judged(metric, within)
        return parallel(leaders(self._catalog, scope, by, n, others), within=part(scope))

    def sensitivity(self, metric: str | None = None, **within: Any) -> go.Figure:
        """Return the metric at each value of the parameters that decide most."""
        scope, by = self._judged(metric, within)
        return slices(decides(self._catalog, scope, by), by, within=part(scope))

    def shares(self, metric: str | None = None, **within: Any) -> go.Figure:
        """Return the share of the metric's variance that each parameter explains by itself."""
        scope, by = self._judged(metric, within)
        return shares(decides(self._catalog, scope, by), by, within=part(scope))

    def pareto(self, metrics: Sequence[str] = ("max_drawdown", "sharpe"), **within: Any) -> go.Figure:
        """Return the runs that no other beats in all of several metrics, before all runs."""
        scope = Scope(self._sweep.sweep_id, **within)
        columns = [metric_column(self._catalog.schema, metric) for metric in metrics]
        found = front(self._catalog, scope, columns)
        every = binned(self._catalog, scope, *columns[:2], metric=columns[0])
        return pareto(found, every, columns, within=part(scope))

    def walk_forward(self) -> go.Figure:
        """Return the stitched out-of-sample curves of a walk-forward."""
        return curves(stitched(self._catalog, self._sweep.sweep_id))

    def _judged(self, metric: str | None, within: dict[str, Any]) -> tuple[Scope, str]:
        return Scope(self._sweep.sweep_id, **within), metric or self._sweep.metric


def part(scope: Scope) -> str:
    """Return which part of a sweep is asked for, in words; "" if it is all of it."""
    asked = {"": scope.symbol, " ": scope.timeframe, "where ": scope.where}
    return ", ".join(f"{name.strip()} {value}".strip() for name, value in asked.items() if value)
