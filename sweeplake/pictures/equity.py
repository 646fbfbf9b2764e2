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

_HEIGHT = 620


def equity_figure(title: str, curve: "pd.DataFrame", held: Floats | None = None, told: str = "") -> go.Figure:
    """Return equity beside buying and holding, above drawdown and position.

    Args:
        title: Its title.
        curve: The run's rows of `equity`, in order of time.
        held: What buying and holding would come to at each bar, shape (bars,), NaN where it is not known;
            None leaves it out.
        told: A line below the title.
    """
    if not len(curve):
        return theme.said(title, "It has no bars.")
    drawn = make_subplots(rows=3, shared_xaxes=True, row_heights=[0.6, 0.24, 0.16], vertical_spacing=0.035)
    drawn.update_layout(theme.figure(title, subtitle=told, height=_HEIGHT).layout)
    time = times(curve["time"])
    equity = curve["equity"].to_numpy(np.float64)
    below = -curve["drawdown"].to_numpy(np.float64)
    position = curve["position"].to_numpy(np.float64)

    def add(name: str, row: int, values: Floats, at: npt.NDArray[np.int64], form: str, **looks: Any) -> None:
        mode = "lines" if len(time) > 1 else "markers"
        hover = f"%{{x}}<br>{name} %{{y:{form}}}<extra></extra>"
        drawn.add_scatter(
            x=time[at], y=values[at], name=name, mode=mode, hovertemplate=hover, row=row, col=1, **looks
        )

    if held is not None:
        add("Buy and hold", 1, held, extremes(held), ",.2f", line={"color": theme.GREY, "width": 1.25})
    add("Equity", 1, equity, extremes(equity), ",.2f", line={"color": theme.BLUE, "width": 1.75})
    red = {"color": theme.LOSS, "width": 1}
    add("Drawdown", 2, below, extremes(below), theme.PERCENT_HOVER, fill="tozeroy", line=red)
    steps = {"color": theme.TEAL, "width": 1, "shape": "hv"}
    add("Position", 3, position, changes(position), ",.6~g", fill="tozeroy", line=steps)
    drawn.update_yaxes(title_text="Account", row=1, col=1)
    drawn.update_yaxes(title_text="Drawdown", tickformat=theme.PERCENT, row=2, col=1)
    drawn.update_yaxes(title_text="Units", row=3, col=1)
    return drawn
