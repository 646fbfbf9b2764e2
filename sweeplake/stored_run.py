"""A run as Python users hold it."""

from typing import TYPE_CHECKING, Any

from queries.catalog import Catalog
from queries.documents import run_documents
from queries.errors import BadValueError
from queries.show import StoredRun as Stored

if TYPE_CHECKING:
    import pandas as pd


class StoredRun:
    """One run: its parameters and metrics, and its trades and equity if a sweep stored them."""

    def __init__(self, stored: Stored, catalog: Catalog) -> None:
        self.stored = stored
        self.document: dict[str, Any] = run_documents(catalog, stored.run)[0]

    def __repr__(self) -> str:
        strategy, symbol = self.document["strategy"], self.document["symbol"]
        return f"StoredRun({self.run_id!r}: {strategy} on {symbol} {self.params})"

    @property
    def run_id(self) -> str:
        """Content address of the run."""
        return str(self.document["run_id"])

    @property
    def params(self) -> dict[str, Any]:
        """Parameters by name; None is off."""
        return dict(self.document["params"])

    @property
    def metrics(self) -> dict[str, Any]:
        """Metrics by name; None is undefined."""
        return dict(self.document["metrics"])

    @property
    def has_details(self) -> bool:
        """Whether trades and equity are stored."""
        return self.stored.details is not None

    @property
    def path_metrics(self) -> dict[str, Any]:
        """Ulcer index, drawdown depths and durations; empty without details."""
        if self.stored.details is None:
            return {}
        row = self.stored.details.to_pylist()[0]
        return {name: row[name] for name in row if "drawdown" in name or name == "ulcer_index"}

    @property
    def trades(self) -> "pd.DataFrame":
        """Trades in order.

        Raises:
            BadValueError: If no sweep stored them.
        """
        return self._detail(self.stored.trades)

    @property
    def equity(self) -> "pd.DataFrame":
        """Equity, drawdown and position at each bar.

        Raises:
            BadValueError: If no sweep stored them.
        """
        return self._detail(self.stored.equity)

    def _detail(self, rows: Any) -> "pd.DataFrame":
        if rows is None:
            remedy = 'no sweep stored its trades and equity; run it again with [details] keep = "all"'
            raise BadValueError("run_id", self.run_id, remedy)
        frame: pd.DataFrame = rows.to_pandas()
        return frame
