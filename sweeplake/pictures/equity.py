"""Equity: a run's account over time, its drawdown and its position."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sweeplake.pictures import theme
from sweeplake.pictures.thinning import changes, extremes
from sweeplake.pictures.times import times

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

_HEIGHTS = (340, 130, 80)
"""Pixels of the account, the drawdown and the position."""
_AROUND = 140
_LEAST_SHOWN, _ROOM = 0.01, 1.05
"""How deep the axis of drawdowns reaches at least, and how many times the deepest."""


def equity_figure(title: str, curve: "pd.DataFrame", held: Floats | None = None, told: str = "") -> go.Figure:
    """Return equity beside buying and holding, above drawdown and position.

    Args:
        title: Its title.
        curve: The run's rows of `equity`, in order of time. A backtester's own has no position, and none is
            drawn.
        held: What buying and holding would come to at each bar, shape (bars,), NaN where it is not known;
            None leaves it out.
        told: A line below the title.
    """
    if not len(curve):
        return theme.said(title, "It has no equity curve.")
    position = curve["position"].to_numpy(np.float64)
    heights = _HEIGHTS[: 2 if np.isnan(position).all() else 3]
    drawn = make_subplots(len(heights), shared_xaxes=True, row_heights=list(heights), vertical_spacing=0.035)
    drawn.update_layout(theme.figure(title, subtitle=told, height=sum(heights) + _AROUND).layout)
    time = times(curve["time"].to_numpy("datetime64[us]"))

    def add(name: str, row: int, values: Floats, form: str, **looks: Any) -> None:
        at = changes(values) if name == "Position" else extremes(values)
        mode = "lines" if len(time) > 1 else "markers"
        hover = f"%{{x}}<br>{name} %{{y:{form}}}<extra></extra>"
        drawn.add_scatter(
            x=time[at], y=values[at], name=name, mode=mode, hovertemplate=hover, row=row, col=1, **looks
        )

    if held is not None:
        add("Buy and hold", 1, held, ",.2f", line={"color": theme.GREY, "width": 1.25})
    add("Equity", 1, curve["equity"].to_numpy(np.float64), ",.2f", line={"color": theme.BLUE, "width": 1.75})
    under = {"fill": "tozeroy", "line": {"color": theme.LOSS, "width": 1}}
    drawdown = curve["drawdown"].to_numpy(np.float64)
    add("Drawdown", 2, -drawdown, theme.PERCENT_HOVER, **under)
    drawn.update_yaxes(title_text="Account", row=1, col=1)
    below = [-max(_LEAST_SHOWN, _ROOM * float(np.nanmax(drawdown, initial=0.0))), 0.0]
    drawn.update_yaxes(title_text="Drawdown", tickformat=",.1~%", range=below, row=2, col=1)
    if len(heights) == len(_HEIGHTS):
        steps = {"color": theme.TEAL, "width": 1, "shape": "hv"}
        add("Position", 3, position, ",.6~g", fill="tozeroy", line=steps)
        drawn.update_yaxes(title_text="Units", rangemode="tozero", row=3, col=1)
    return drawn
