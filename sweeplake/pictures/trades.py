"""Trades: where a run went in and out, on the price."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from sweeplake.pictures import forms, theme
from sweeplake.pictures.thinning import extremes
from sweeplake.pictures.times import times

if TYPE_CHECKING:
    import pandas as pd

_ENTRY = {"long": "triangle-up", "short": "triangle-down"}
_EXIT, _OPEN_AT_END = "circle", "circle-open"
_END_OF_DATA = "end_of_data"
_HEIGHT = 520


def trades_figure(
    title: str, trades: "pd.DataFrame", bars: "pd.DataFrame | None" = None, told: str = ""
) -> go.Figure:
    """Return the price with each trade from entry to exit, coloured by what it came to.

    A triangle up is a long entry, one down a short one; a dot is an exit, an empty one the mark at the end of
    the data. Every trade is there; the price is thinned where there are more bars than could be seen.

    Args:
        title: Its title.
        trades: The run's rows of `trades`, in order.
        bars: Its bars' `time` and `close`; None leaves out the price.
        told: A line below the title.
    """
    if not len(trades) and (bars is None or not len(bars)):
        return theme.said(title, "It has no trades.")
    told = told if len(trades) else "It has no trades."
    drawn = theme.figure(title, subtitle=told, height=_HEIGHT, yaxis={"title": {"text": "Price"}})
    if bars is not None and len(bars):
        close = bars["close"].to_numpy(np.float64)
        at = extremes(close)
        drawn.add_scatter(
            x=times(bars["time"])[at],
            y=close[at],
            name="Close",
            mode="lines" if len(at) > 1 else "markers",
            line={"color": theme.GREY, "width": 1},
            hovertemplate="%{x}<br>close %{y:,.6~g}<extra></extra>",
        )
    for (side, won), group in trades.groupby(["side", trades["pnl"] > 0]):
        drawn.add_trace(_traded(str(side), group, won=bool(won)))
    return drawn


def _traded(side: str, trades: "pd.DataFrame", *, won: bool) -> go.Scatter:
    """Return trades of one side and outcome: entry, exit, and a gap before the next."""
    ends = [_EXIT if reason != _END_OF_DATA else _OPEN_AT_END for reason in trades["exit_reason"]]
    nothing = [None] * len(trades)
    return go.Scatter(
        x=_threes(times(trades["entry_time"]), times(trades["exit_time"]), nothing),
        y=_threes(trades["entry_price"], trades["exit_price"], nothing),
        name=theme.escaped(f"{side.capitalize()}, {'won' if won else 'lost'}"),
        mode="lines+markers",
        line={"color": theme.GAIN if won else theme.LOSS, "width": 1, "dash": "dot"},
        marker={"symbol": _threes([_ENTRY.get(side, _EXIT)] * len(trades), ends, ends), "size": 8},
        hovertext=_threes(map(_entry, _rows(trades)), map(_exit, _rows(trades)), nothing),
        hoverinfo="text",
        connectgaps=False,
    )


def _threes(first: Any, second: Any, third: Any) -> list[Any]:
    """Return one of each in turn."""
    return [value for three in zip(first, second, third, strict=True) for value in three]


def _rows(trades: "pd.DataFrame") -> Iterator[dict[str, Any]]:
    return (dict(zip(trades.columns, row, strict=True)) for row in trades.itertuples(index=False))


def _entry(trade: dict[str, Any]) -> str:
    return _lines(
        f"{trade['side'].capitalize()} trade {trade['trade']}: in",
        forms.moment(trade["entry_time"]),
        f"{trade['quantity']:,.6g} at {forms.price(trade['entry_price'])}",
    )


def _exit(trade: dict[str, Any]) -> str:
    return _lines(
        f"{trade['side'].capitalize()} trade {trade['trade']}: out by {trade['exit_reason']}",
        f"{forms.moment(trade['exit_time'])}, after {trade['bars_held']} bars",
        f"{trade['quantity']:,.6g} at {forms.price(trade['exit_price'])}",
        f"P&L {forms.number(trade['pnl'])}, {forms.percent(trade['return'])}",
        f"worst {forms.percent(trade['mae'])}, best {forms.percent(trade['mfe'])}",
    )


def _lines(*lines: str) -> str:
    return "<br>".join(map(theme.escaped, lines))
