"""Pictures of a run."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from queries.errors import BadValueError
from sweeplake.pictures.calendar import calendar_figure
from sweeplake.pictures.equity import equity_figure
from sweeplake.pictures.names import metric_form, metric_name
from sweeplake.pictures.trades import trades_figure

if TYPE_CHECKING:
    import pandas as pd

    from sweeplake.stored_run import StoredRun

_TOLD = ("total_return", "sharpe", "max_drawdown", "num_trades")


class RunPlots:
    """Pictures of one run, as Plotly figures.

    Its trades and equity are computed where they are not stored; each raises a `BadValueError` if that cannot
    be.
    """

    def __init__(self, run: "StoredRun") -> None:
        self._run = run

    def equity(self) -> go.Figure:
        """Return its equity beside buying and holding, above its drawdown and its position.

        What buying and holding would come to is its bars' close, scaled to end where `buy_hold_return` does.
        It is left out where its bars are gone, where that metric is undefined, and where only whole lots can
        be bought, so that some of the capital would lie idle.
        """
        return equity_figure(self._titled("Equity"), self._run.equity, self._held(), self._told())

    def trades(self) -> go.Figure:
        """Return its trades on the price, which is left out where its bars are gone."""
        return trades_figure(self._titled("Trades"), self._run.details["trades"], self._bars(), self._told())

    def calendar(self) -> go.Figure:
        """Return its returns of each day, by year, week and weekday, and of each month and year."""
        run = self._run
        tables = run.daily_pnl(), run.monthly_returns(), run.yearly_returns()
        return calendar_figure(self._titled("Returns"), *tables, told=self._told())

    def _titled(self, what: str) -> str:
        document = self._run.document
        return f"{what}: {document['strategy']} on {document['symbol']}, {document['timeframe']}"

    def _told(self) -> str:
        """Return what came of it in a line."""
        metrics = self._run.metrics
        told = [f"{metric_name(name)} {metric_form(name)(metrics.get(name))}" for name in _TOLD]
        return ", ".join([*told, "ruined"] if metrics.get("ruined") else told)

    def _bars(self) -> "pd.DataFrame | None":
        try:
            return self._run.bars
        except BadValueError:
            return None

    def _held(self) -> npt.NDArray[np.float64] | None:
        """Return what buying and holding would come to at each bar, as `equity_figure` takes it."""
        run, bars = self._run, self._bars()
        held, capital = run.metrics.get("buy_hold_return"), _setting(run, "initial_capital")
        if bars is None or held is None or _setting(run, "lot_size"):
            return None
        close = bars["close"].to_numpy(np.float64)
        scaled: npt.NDArray[np.float64] = close * (capital * (1.0 + held) / close[-1])
        return scaled


def _setting(run: "StoredRun", name: str) -> Any:
    """Return an execution setting of a run: its own where it was swept, else its sweep's."""
    config = json.loads(run.sweep["config"] or "{}").get("execution") or {}
    return run.params.get(name, config.get(name))
