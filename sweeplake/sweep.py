"""A sweep as Python users hold it."""

import json
from typing import TYPE_CHECKING, Any

from queries.storage import sweep_storage
from queries.summary import Summary, summary
from queries.sweep import status, sweep_row
from queries.walk_forward import stitched, tests

if TYPE_CHECKING:
    import pandas as pd

    from queries.luck.luck import Luck, Scope
    from sweeplake.lake import Lake
    from sweeps.execution.outcome import Outcome


class Sweep:
    """One sweep in a lake.

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

    @property
    def metric(self) -> str:
        """What its best run is chosen by: the configuration's `details.metric`, else sharpe."""
        config = json.loads(sweep_row(self.lake.catalog, self.sweep_id)["config"] or "{}")
        return str((config.get("details") or {}).get("metric") or "sharpe")

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

    def walk_forward(self) -> "pd.DataFrame":
        """Return what each split of a walk-forward chose, and what that came to, a row per tested span."""
        found: pd.DataFrame = tests(self.lake.catalog, self.sweep_id).to_pandas()
        return found

    def stitched(self) -> "pd.DataFrame":
        """Return the stitched out-of-sample curves, a row per bar, as the view `walk_forward_equity`."""
        found: pd.DataFrame = stitched(self.lake.catalog, self.sweep_id).to_pandas()
        return found

    def luck(self, symbol: str | None = None, trials: "Scope" = "sweep") -> "list[Luck]":
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
        found: pd.DataFrame = self.lake.catalog.arrow(query, [self.sweep_id]).to_pandas()
        return found
