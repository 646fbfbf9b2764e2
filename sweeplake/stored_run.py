"""A run as Python users hold it."""

import os
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from queries import html
from queries.curves import Curves
from queries.documents import run_documents
from queries.errors import BadValueError
from queries.export import export_sheets
from queries.show import StoredRun as Stored
from queries.sweep import sweep_row
from sweeplake.replaying import again

if TYPE_CHECKING:
    import pandas as pd

    from sweeplake.lake import Lake
    from sweeplake.pictures.run import RunPlots

_PRICES = ("open", "high", "low", "close", "volume")
_IDENTITY = ("run_id", "sweep_id", "timeframe", "date")


class StoredRun:
    """One run: its parameters and metrics, its trades and equity.

    Where no sweep stored trades and equity they are computed when they are asked for first, from the bars and
    the strategy that the run's sweep was started on.

    Attributes:
        stored: What is stored of it.
        document: It as JSON: identity, params, metrics.
        lake: Its lake.
    """

    def __init__(self, stored: Stored, lake: "Lake") -> None:
        self.stored = stored
        self.document: dict[str, Any] = run_documents(lake.catalog, stored.run)[0]
        self.lake = lake

    def __repr__(self) -> str:
        strategy, symbol = self.document["strategy"], self.document["symbol"]
        return f"StoredRun({self.run_id!r}: {strategy} on {symbol} {self.params})"

    def _repr_html_(self) -> str:
        params = {name: "off" if value is None else value for name, value in self.params.items()}
        kept = "trades and equity are stored" if self.has_details else "trades and equity come when asked for"
        return html.fragment(
            html.title(f"{self.document['strategy']} on {self.document['symbol']}"),
            html.facts({name: self.document[name] for name in _IDENTITY}),
            *(html.title("Parameters"), html.facts(params)),
            *(html.title("Metrics"), html.facts(self.metrics), html.note(kept)),
        )

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
    def sweep(self) -> dict[str, Any]:
        """Row of `sweeps` of the sweep that it is shown from: configuration, code, bars, library versions."""
        return sweep_row(self.lake.catalog, self.document["sweep_id"])

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
        return _frame(self.details["trades"])

    @property
    def equity(self) -> "pd.DataFrame":
        """Equity, drawdown and position at each bar.

        Raises:
            BadValueError: If they are not stored, and cannot be computed again.
        """
        return _frame(self.details["equity"])

    @cached_property
    def bars(self) -> "pd.DataFrame":
        """Bars of its window, as its sweep read them: time, open, high, low, close, volume.

        Raises:
            BadValueError: If they are not there any more.
        """
        import pandas as pd

        from sweeps.bars.kept import bars_of

        row = self.stored.run.select(["symbol", "period_start", "period_end"]).to_pylist()[0]
        found = bars_of(self.sweep, row["symbol"], self.lake.tables)
        if found is None:
            raise BadValueError("run_id", self.run_id, "the bars that it ran on are not there any more")
        frame = pd.DataFrame({name: found[name] for name in _PRICES})
        frame.insert(0, "time", pd.to_datetime(found.time, unit="us", utc=True))
        within = frame["time"].between(row["period_start"], row["period_end"])
        return frame[within].reset_index(drop=True)

    @cached_property
    def plot(self) -> "RunPlots":
        """Pictures of it: equity, trades, calendar.

        Raises:
            MissingPackageError: If the extra `pictures` is not installed.
        """
        from sweeplake.pictures.run import RunPlots

        return RunPlots(self)

    def tearsheet(self, path: "str | os.PathLike[str]") -> None:
        """Write all of it as one HTML file that needs no network; see `sweeplake.pictures.tearsheet`.

        Raises:
            MissingPackageError: If the extra `pictures` is not installed.
            BadValueError: If the file cannot be written, or trades and equity cannot be computed again.
        """
        from sweeplake.pictures.tearsheet import write_tearsheet

        write_tearsheet(self, path)

    def daily_pnl(self) -> "pd.DataFrame":
        """Return profit and loss, trades closed and equity of each UTC day that has a bar.

        It and what follows raise as `details`.
        """
        return _frame(self.curves.daily_pnl())

    def monthly_returns(self) -> "pd.DataFrame":
        """Return return, drawdown and trades closed of each calendar month."""
        return _frame(self.curves.monthly_returns())

    def yearly_returns(self) -> "pd.DataFrame":
        """Return return, drawdown and trades closed of each calendar year."""
        return _frame(self.curves.yearly_returns())

    def drawdowns(self, n: int | None = None) -> "pd.DataFrame":
        """Return its n deepest drawdowns, or all: peak, trough, recovery, depth, bars."""
        return _frame(self.curves.drawdowns(n))

    def trades_by(self, group: str) -> "pd.DataFrame":
        """Return count, win rate, returns and P&L of its trades by exit_reason, hour or weekday."""
        return _frame(self.curves.trades_by(group))

    def day_positions(self, day: date | str) -> "pd.DataFrame":
        """Return the trades that were open on a UTC day, with their P&L so far."""
        return _frame(self.curves.day_positions(day))

    def to_excel(self, path: str | Path) -> None:
        """Write its parameters, metrics, trades, equity, months and drawdowns as a workbook.

        The file is there whole or not at all; one that is there is replaced.

        Raises:
            BadValueError: If it cannot be written, or as `details`.
            DoesNotFitError: If it has more trades or bars than a sheet has rows.
            MissingPackageError: If the extra `excel` is not installed.
        """
        from sweeplake.workbooks import run_sheets

        export_sheets(run_sheets(self), Path(path), "xlsx")

    @cached_property
    def curves(self) -> Curves:
        """The views on its trades and equity, as Arrow tables."""
        return Curves(self.stored.run, self.details)

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
        computed = again(self.lake, stored).details
        return {table: _placed(rows, place) for table, rows in computed.items()}


def _frame(rows: pa.Table) -> "pd.DataFrame":
    frame: pd.DataFrame = rows.to_pandas()
    return frame


def _placed(rows: pa.Table, place: dict[str, Any]) -> pa.Table:
    """Return rows with the partition columns that stored ones have."""
    for name, value in place.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows
