"""Theme: one look for every figure. Fractions read as percent, times are UTC, no colour needs good eyes.

The colours are told apart with any kind of colour blindness, and are as clear on white as on black: a page
draws the same figure in light and in dark by changing its template alone.
"""

from html import escape, unescape
from typing import Any

import plotly.graph_objects as go

BLUE, ORANGE, TEAL, PURPLE, AMBER, GREY = "#3b82c4", "#d9622b", "#179a86", "#a06bc0", "#c98a12", "#8a929c"
COLOURS = (BLUE, ORANGE, TEAL, PURPLE, AMBER, GREY)
GAIN, LOSS = BLUE, ORANGE
"""What was won and what was lost."""
DIVERGING = ((0.0, "#b3430f"), (0.25, "#e89a6c"), (0.5, "#f1f0ec"), (0.75, "#7fb2dd"), (1.0, "#1f5f9e"))
DIVERGING_ON_DARK = (
    (0.0, "#f2803f"),
    (0.25, "#9c5227"),
    (0.5, "#242a31"),
    (0.75, "#2f6392"),
    (1.0, "#62aef0"),
)
"""Of what has a sign: losses, nothing, gains. `autocolorscale` takes the one that the page is drawn in."""
SEQUENTIAL = "Viridis"
"""Of what has none."""
PERCENT = ",.0%"
PERCENT_HOVER = ",.2%"
"""d3 formats of a fraction: on an axis, and where one is pointed at."""
HEIGHT = 440
FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"


def figure(title: str, *, subtitle: str = "", height: int = HEIGHT, **layout: Any) -> go.Figure:
    """Return an empty figure in the theme; what else a layout takes is given by name.

    Args:
        title: Its title, plain text.
        subtitle: A line below it, plain text.
        height: Pixels; it is as wide as its place.
        layout: Further properties of the layout, such as `xaxis` or `barmode`.
    """
    heading = {"text": escaped(title), "subtitle": {"text": escaped(subtitle)}}
    return go.Figure(layout={"template": LIGHT, "title": heading, "height": height, **layout})


def said(title: str, sentence: str) -> go.Figure:
    """Return a figure that says why there is nothing to draw."""
    hidden = {"visible": False}
    empty = figure(title, height=HEIGHT // 2, xaxis=hidden, yaxis=hidden)
    place = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False}
    return empty.add_annotation(text=escaped(sentence), font={"size": 14}, **place)


def noted(shown: go.Figure, sentence: str) -> go.Figure:
    """Return a figure with a sentence in its upper left corner, where it stays when the title goes."""
    place = {"x": 0.01, "y": 0.99, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    return shown.add_annotation(text=escaped(sentence), showarrow=False, **place)


def together(*told: str) -> str:
    """Return what is told in several parts as one line; empty parts are left out."""
    return "; ".join(part for part in told if part)


def shortened(text: str, most: int) -> str:
    """Return plain text of at most so many characters, cut with an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def escaped(text: object) -> str:
    """Return plain text as Plotly shows it as it is: tags in titles, names and hovers are its own."""
    return escape(str(text), quote=False)


def title_of(shown: go.Figure) -> str:
    """Return a figure's title as plain text; "" if it has none."""
    return unescape(shown.layout.title.text or "")


def _template(ink: str, faint: str, grid: str, paper: str, diverging: Any) -> go.layout.Template:
    """Return the theme in some colours: text, text that explains, lines of the grid, ground, values."""
    axis = {
        "gridcolor": grid,
        "linecolor": grid,
        "zerolinecolor": grid,
        "zerolinewidth": 1,
        "ticks": "",
        "automargin": True,
        "title": {"font": {"size": 12, "color": faint}, "standoff": 8},
        "tickfont": {"color": faint},
    }
    bar = {"thickness": 12, "outlinewidth": 0, "ticks": "", "tickfont": {"color": faint}}
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": ink},
            "title": {
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"t": 14},
                "font": {"size": 16},
                "subtitle": {"font": {"size": 12, "color": faint}},
            },
            "colorway": list(COLOURS),
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "margin": {"l": 56, "r": 24, "t": 76, "b": 48},
            "xaxis": axis,
            "yaxis": axis,
            "coloraxis": {"colorbar": bar},
            "legend": {
                "orientation": "h",
                "x": 0,
                "yref": "container",
                "y": 0,
                "yanchor": "bottom",
                "font": {"color": faint},
            },
            "hoverlabel": {"bgcolor": paper, "bordercolor": grid, "font": {"family": FONT, "color": ink}},
            "hovermode": "closest",
            "colorscale": {"diverging": diverging, "sequential": SEQUENTIAL},
        },
        data={"heatmap": [{"colorbar": bar}]},
    )


LIGHT = _template(ink="#1c2127", faint="#5c6670", grid="#e3e6ea", paper="#ffffff", diverging=DIVERGING)
DARK = _template(ink="#e6e9ed", faint="#9aa4af", grid="#2c333b", paper="#15191e", diverging=DIVERGING_ON_DARK)
