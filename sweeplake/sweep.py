"""A sweep as Python users hold it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queries import html
from queries.export import export_sheets
from queries.judgement.boundary import boundary
from queries.judgement.correlated import Correlated, correlated
from queries.judgement.diff import Diff, diff
from queries.judgement.heatmap import heatmap
from queries.judgement.pareto import pareto
from queries.judgement.plateau import local_maxima, plateau, plateaus
from queries.judgement.scope import Scope
from queries.judgement.sensitivity import Sensitivity, sensitivity
from queries.storage import sweep_storage
from queries.summary import Summary, summary
from queries.sweep import status, sweep_row
from queries.walk_forward import stitched, tests

if TYPE_CHECKING:
    import os

    import pandas as pd

    from queries.luck.luck import Counted, Luck
    from sweeplake.lake import Lake
    from sweeplake.pictures.sweep_plots import SweepPlots
    from sweeps.execution.outcome import Outcome


class Sweep:
    """One sweep in a lake.

    Questions that judge it take a metric, by default the sweep's own, and `symbol`, `timeframe` and `where`
    (a SQL condition on the columns of metrics) to judge a part of its runs.

    Attributes:
        lake: Its lake.
        sweep_id: Its id.
        outcome: How it ended, if it was run here; else None.
    """

    def __init__(self, lake: "Lake", sweep_id: str, outcome: "Outcome | None" = None) -> None:
        self.lake, self.sweep_id, self.outcome = lake, sweep_id, outcome

    def __repr__(self) -> str:
        state = self.status()
        return (
            f"Sweep({self.sweep_id!r}: {state['name']}, {state['status']}, "
            f"{state['done']:,} of {state['runs']:,} runs)"
        )

    def _repr_html_(self) -> str:
        state = self.status()
        counts = {name: value for name, value in state.items() if name != "name"}
        return html.fragment(html.title(str(state["name"])), html.facts(counts))

    @property
    def metric(self) -> str:
        """What its best run is chosen by: the configuration's `details.metric`, else sharpe."""
        config = json.loads(sweep_row(self.lake.catalog, self.sweep_id)["config"] or "{}")
        return str((config.get("details") or {}).get("metric") or "sharpe")

    @property
    def plot(self) -> "SweepPlots":
        """Pictures of it, as Plotly figures.

        Raises:
            MissingPackageError: If the extra `pictures` is not installed.
        """
        from sweeplake.pictures.sweep_plots import SweepPlots

        return SweepPlots(self)

    def report(self, path: "str | os.PathLike[str]") -> None:
        """Write what came out of it as one HTML file that needs no network.

        Raises:
            MissingPackageError: If the extra `pictures` is not installed.
            UnknownNameError: If the file's ending is not .html.
            BadValueError: If the file cannot be written.
        """
        from sweeplake.pictures.sweep_report import write_report

        write_report(self, path)

    def status(self) -> dict[str, Any]:
        """Return its row of `sweep_summary`: counts, time, status."""
        rows: list[dict[str, Any]] = status(self.lake.catalog, self.sweep_id).to_pylist()
        return rows[0]

    def summary(self) -> Summary:
        """Return counts, quantiles of the main metrics, the best run and the failures by cause."""
        return summary(self.lake.catalog, self.sweep_id)

    def best(self, n: int = 10, metric: str = "sharpe", **filters: Any) -> "pd.DataFrame":
        """Return its n best runs by a metric, in its natural direction."""
        return self.lake.best(n, metric, sweep=self.sweep_id, **filters)

    def leaderboard(self, n: int = 10, metric: str = "sharpe", **options: Any) -> "pd.DataFrame":
        """Return its n best parameter sets, each over all its symbols, as `Lake.leaderboard`."""
        return self.lake.leaderboard(n, metric, sweep=self.sweep_id, **options)

    def storage(self) -> "pd.DataFrame":
        """Return rows, files and bytes that it takes, one row per table; a shared file counts by rows."""
        found: pd.DataFrame = sweep_storage(self.lake.catalog, self.sweep_id).to_pandas()
        return found

    def search(self, **arguments: Any) -> "pd.DataFrame":
        """Return its runs that pass the filters, as `Lake.search`."""
        return self.lake.search(sweep=self.sweep_id, **arguments)

    def heatmap(
        self,
        x: str,
        y: str | None = None,
        metric: str | None = None,
        aggregate: str = "median",
        **within: Any,
    ) -> "pd.DataFrame":
        """Return a metric over two parameters, or along one, everything else taken together; a row a cell."""
        scope, by = self._judged(metric, within)
        return _frame(heatmap(self.lake.catalog, scope, x, y, metric=by, aggregate=aggregate))

    def sensitivity(self, metric: str | None = None, **within: Any) -> Sensitivity:
        """Return how much of a metric each parameter decides, and the metric at each of its values."""
        return sensitivity(self.lake.catalog, *self._judged(metric, within))

    def plateau(self, n: int = 10, metric: str | None = None, **within: Any) -> "pd.DataFrame":
        """Return how good the neighbours of the n best runs are."""
        return _frame(plateau(self.lake.catalog, *self._judged(metric, within), n))

    def plateaus(self, n: int = 10, metric: str | None = None, **within: Any) -> "pd.DataFrame":
        """Return the n runs with the best smoothed value: a lone peak loses."""
        return _frame(plateaus(self.lake.catalog, *self._judged(metric, within), n))

    def local_maxima(self, n: int = 10, metric: str | None = None, **within: Any) -> "pd.DataFrame":
        """Return the n best runs that no neighbour beats."""
        return _frame(local_maxima(self.lake.catalog, *self._judged(metric, within), n))

    def boundary(self, n: int = 1, metric: str | None = None, **within: Any) -> "pd.DataFrame":
        """Return which parameters of the n best runs lie at the edge of the grid."""
        return _frame(boundary(self.lake.catalog, *self._judged(metric, within), n))

    def pareto(self, metrics: Sequence[str] = ("sharpe", "max_drawdown"), **within: Any) -> "pd.DataFrame":
        """Return the runs that no other beats in all of several metrics."""
        return _frame(pareto(self.lake.catalog, Scope(self.sweep_id, **within), metrics))

    def correlated(
        self, n: int = 20, metric: str | None = None, threshold: float = 0.9, **within: Any
    ) -> Correlated:
        """Return how alike the n best runs are, and which of them are one idea."""
        return correlated(self.lake.catalog, *self._judged(metric, within), n, threshold)

    def diff(self, other: str, metric: str | None = None, n: int = 10) -> Diff:
        """Return what changed from this sweep to another, by default in the other's metric."""
        after = self.lake.sweep(other)
        return diff(self.lake.catalog, self.sweep_id, after.sweep_id, metric or after.metric, n)

    def walk_forward(self) -> "pd.DataFrame":
        """Return what each split of a walk-forward chose, and what that came to, a row per tested span."""
        return _frame(tests(self.lake.catalog, self.sweep_id))

    def stitched(self) -> "pd.DataFrame":
        """Return the stitched out-of-sample curves, a row per bar, as the view `walk_forward_equity`."""
        return _frame(stitched(self.lake.catalog, self.sweep_id))

    def luck(self, symbol: str | None = None, trials: "Counted" = "sweep") -> "list[Luck]":
        """Return how far its best run may be luck: an answer for each symbol, and the last one over all.

        Some runs are computed again, to tell how alike its trials are. Each answer has a `verdict`.

        Args:
            symbol: Only this one.
            trials: "sweep" counts its own trials, "lake" all that the lake has of its strategy.

        Raises:
            UnknownNameError: If it does not have the symbol.
        """
        from queries.luck.cscv import sweep_overfitting
        from queries.luck.luck import is_it_luck
        from sweeplake.correlating import correlations

        return is_it_luck(
            self.lake.catalog,
            self.sweep_id,
            symbol=symbol,
            trials=trials,
            correlations=correlations(self.lake, self.sweep_id, symbol),
            halves=sweep_overfitting,
        )

    def failures(self) -> "pd.DataFrame":
        """Return its runs without a result: parameters, cause, error, traceback."""
        query = "select * from failures where sweep_id = $1 order by run_id"
        return _frame(self.lake.catalog.arrow(query, [self.sweep_id]))

    def to_excel(self, path: str | Path) -> None:
        """Write its configuration, quantiles, best runs, parameter sets, failures and luck as a workbook.

        The file is there whole or not at all; one that is there is replaced.

        Raises:
            BadValueError: If it cannot be written.
            MissingPackageError: If the extra `excel` is not installed.
        """
        from sweeplake.workbooks import sweep_sheets

        export_sheets(sweep_sheets(self), Path(path), "xlsx")

    def _judged(self, metric: str | None, within: dict[str, Any]) -> tuple[Scope, str]:
        return Scope(self.sweep_id, **within), metric or self.metric


def _frame(rows: Any) -> "pd.DataFrame":
    frame: pd.DataFrame = rows.to_pandas()
    return frame
