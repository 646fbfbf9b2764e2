"""Trades: where a run went in and out, on the price."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc

from sweeplake.pictures import forms, theme
from sweeplake.pictures.thinning import extremes
from sweeplake.pictures.times import times

if TYPE_CHECKING:
    import pandas as pd

Rows = Sequence[dict[str, Any]]

_ENTRY = {"long": "triangle-up", "short": "triangle-down"}
_DOT, _OPEN_AT_END = "circle", "circle-open"
_END_OF_DATA = "end_of_data"
_OUTCOMES = {True: ("won", theme.GAIN), False: ("lost", theme.LOSS), None: ("P&L not known", theme.GREY)}
_PLACE = ("entry_time", "entry_price", "exit_time", "exit_price")
_HEIGHT = 520
_MANY, _SIZE, _SMALL = 300, 8, 5
"""From how many trades on their marks are small, and how large they are, in pixels."""


def trades_figure(
    title: str, trades: pa.Table, bars: "pd.DataFrame | None" = None, told: str = ""
) -> go.Figure:
    """Return the price with each trade from entry to exit, coloured by what it came to.

    A triangle up is a long entry, one down a short one; a dot is an exit, an empty one the mark at the end of
    the data. Every trade is there; the price is thinned where there are more bars than could be seen.

    Args:
        title: Its title.
        trades: The run's rows of `trades`, in order. A backtester's own may lack times or prices: they are
            counted, and not drawn.
        bars: Its bars' `time` and `close`; None leaves out the price.
        told: A line below the title.
    """
    if not trades.num_rows and (bars is None or not len(bars)):
        return theme.said(title, "It has no trades.")
    rows = _placed(trades)
    drawn = theme.figure(title, subtitle=told, height=_HEIGHT, yaxis={"title": {"text": "Price"}})
    if bars is not None and len(bars):
        drawn.add_trace(_price(bars))
    lost = trades.num_rows - len(rows)
    if lost:
        theme.noted(drawn, f"{lost:,} of {trades.num_rows:,} trades have no time or price.")
    elif not rows:
        theme.noted(drawn, "It has no trades.")
    size = _SIZE if len(rows) <= _MANY else _SMALL
    groups: dict[tuple[str, bool | None], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["side"] or "", None if row["pnl"] is None else row["pnl"] > 0].append(row)
    for (side, won), group in sorted(groups.items(), key=str):
        drawn.add_trace(_traded(side, won, group, size))
    return drawn


def _price(bars: "pd.DataFrame") -> go.Scatter:
    close = bars["close"].to_numpy(np.float64)
    at = extremes(close)
    return go.Scatter(
        x=times(bars["time"].to_numpy("datetime64[us]"))[at],
        y=close[at],
        name="Close",
        mode="lines" if len(at) > 1 else "markers",
        line={"color": theme.GREY, "width": 1},
        hovertemplate="%{x}<br>close %{y:,.6~g}<extra></extra>",
    )


def _placed(trades: pa.Table) -> Rows:
    """Return the trades that have a place in the picture, `entered` and `left` as it reads times."""
    for name in _PLACE:
        trades = trades.filter(pc.is_valid(trades[name]))
    entered, left = (times(trades[name].to_numpy()) for name in ("entry_time", "exit_time"))
    told = zip(trades.to_pylist(), entered.tolist(), left.tolist(), strict=True)
    return [{**row, "entered": at, "left": until} for row, at, until in told]


def _traded(side: str, won: bool | None, trades: Rows, size: int) -> go.Scatter:  # noqa: FBT001  None is not known
    """Return trades of one side and outcome, each as entry, exit, and a gap before the next."""
    outcome, colour = _OUTCOMES[won]
    symbols = [(_ENTRY.get(side, _DOT), _left(trade)) for trade in trades]
    return go.Scatter(
        x=[x for trade in trades for x in (trade["entered"], trade["left"], None)],
        y=[y for trade in trades for y in (trade["entry_price"], trade["exit_price"], None)],
        name=theme.escaped(f"{side.capitalize() or 'Trade'}, {outcome}"),
        mode="lines+markers",
        line={"color": colour, "width": 1, "dash": "dot"},
        marker={
            "symbol": [symbol for entry, left in symbols for symbol in (entry, left, left)],
            "size": size,
        },
        hovertext=[text for trade in trades for text in (_entry(trade), _exit(trade), None)],
        hoverinfo="text",
        connectgaps=False,
    )


def _left(trade: dict[str, Any]) -> str:
    return _OPEN_AT_END if trade["exit_reason"] == _END_OF_DATA else _DOT


def _entry(trade: dict[str, Any]) -> str:
    return _lines(
        f"Trade {trade['trade']}, {forms.text(trade['side'])}: in",
        forms.moment(trade["entry_time"]),
        f"{forms.price(trade['quantity'])} at {forms.price(trade['entry_price'])}",
    )


def _exit(trade: dict[str, Any]) -> str:
    return _lines(
        f"Trade {trade['trade']}, {forms.text(trade['side'])}: out by {forms.text(trade['exit_reason'])}",
        f"{forms.moment(trade['exit_time'])}, after {forms.count(trade['bars_held'])} bars",
        f"{forms.price(trade['quantity'])} at {forms.price(trade['exit_price'])}",
        f"P&L {forms.number(trade['pnl'])}, {forms.percent(trade['return'])}",
        f"worst {forms.percent(trade['mae'])}, best {forms.percent(trade['mfe'])}",
    )


def _lines(*lines: str) -> str:
    return "<br>".join(map(theme.escaped, lines))
