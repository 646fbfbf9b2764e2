"""A run as Python users hold it."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from queries.documents import run_documents
from queries.show import StoredRun as Stored
from sweeplake.replaying import again

if TYPE_CHECKING:
    import pandas as pd

    from sweeplake.lake import Lake


class StoredRun:
    """One run: its parameters and metrics, its trades and equity.

    Where no sweep stored trades and equity they are computed when they are asked for first, from the bars and
    the strategy that the run's sweep was started on.
    """

    def __init__(self, stored: Stored, lake: "Lake") -> None:
        self.stored = stored
        self.document: dict[str, Any] = run_documents(lake.catalog, stored.run)[0]
        self._lake = lake

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
        """Ulcer index, drawdown depths and durations; computed if it has no details.

        Raises:
            BadValueError: If they are not stored, and cannot be computed again.
        """
        row = self.details["details"].to_pylist()[0]
        return {name: row[name] for name in row if "drawdown" in name or name == "ulcer_index"}

    @property
    def trades(self) -> "pd.DataFrame":
        """Trades in order.

        Raises:
            BadValueError: If they are not stored, and cannot be computed again.
        """
        frame: pd.DataFrame = self.details["trades"].to_pandas()
        return frame

    @property
    def equity(self) -> "pd.DataFrame":
        """Equity, drawdown and position at each bar.

        Raises:
            BadValueError: If they are not stored, and cannot be computed again.
        """
        frame: pd.DataFrame = self.details["equity"].to_pandas()
        return frame

    @cached_property
    def details(self) -> dict[str, pa.Table]:
        """Its rows of `details`, `trades` and `equity`, stored or computed.

        Raises:
            BadValueError: If they are not stored, and cannot be computed again.
        """
        stored = self.stored
        if stored.details is not None and stored.trades is not None and stored.equity is not None:
            return {"details": stored.details, "trades": stored.trades, "equity": stored.equity}
        place = {name: self.document[name] for name in ("strategy", "symbol", "date")}
        computed = again(self._lake, stored).details
        return {table: _placed(rows, place) for table, rows in computed.items()}


def _placed(rows: pa.Table, place: dict[str, Any]) -> pa.Table:
    """Return rows with the partition columns that stored ones have."""
    for name, value in place.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows
