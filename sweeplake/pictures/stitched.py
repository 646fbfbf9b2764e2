"""Stitched: what a walk-forward came to out of sample, as curves."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc

from sweeplake.pictures.theme import COLOURS, escaped, figure, said
from sweeplake.pictures.thinning import extremes

CURVES, POINTS = 12, 1_000
"""More curves cannot be told apart; a screen has no more points across."""
_LOG = {"type": "log", "tickvals": [digit * 10.0**power for power in range(-3, 9) for digit in (1, 2, 5)]}
_TITLE = "Out of sample, stitched together"


def stitched(bars: pa.Table) -> go.Figure:
    """Return the picture of `queries.walk_forward.stitched`: a curve for each symbol and path, from 1 on.

    Of more than twelve curves the first and a sentence on the others; long ones have the lowest and highest
    of each stretch, so that no drop is lost. A vertical line begins each tested span of the first curve.
    """
    if not bars.num_rows:
        return said(_TITLE, "It is no walk-forward, or none of its curves are stored.")
    paths = bars.select(["symbol", "path"]).group_by(["symbol", "path"]).aggregate([]).to_pylist()
    paths.sort(key=lambda row: (row["symbol"], row["path"]))
    several = len({row["path"] for row in paths}) > 1
    left = f"; {len(paths) - CURVES:,} of {len(paths):,} curves are left out" if len(paths) > CURVES else ""
    shown = figure(
        _TITLE,
        subtitle=f"each span begins where the last one ended{left}",
        yaxis={"title": {"text": "growth of 1"}, **(_LOG if _is_positive(bars) else {})},
        xaxis={"type": "date"},
    )
    frame = bars.select(["symbol", "path", "span", "time", "equity", "drawdown", "bar_return"]).to_pandas()
    for number, row in enumerate(paths[:CURVES]):
        curve = frame[(frame["symbol"] == row["symbol"]) & (frame["path"] == row["path"])]
        kept = curve.iloc[extremes(curve["equity"].to_numpy(np.float64), POINTS)]
        name = f"{row['symbol']}, path {row['path']}" if several else row["symbol"]
        first = curve["equity"].iloc[0] / (1 + curve["bar_return"].iloc[0])
        shown.add_scatter(
            x=kept["time"],
            y=kept["equity"] / first,
            name=escaped(name),
            mode="lines",
            line={"width": 1.5, "color": COLOURS[number % len(COLOURS)], "dash": _dash(number)},
            customdata=kept["drawdown"],
            hovertemplate="%{x|%Y-%m-%d %H:%M}: %{y:.3f}<br>drawdown %{customdata:.1%}"
            "<extra>%{fullData.name}</extra>",
        )
        if number == 0:
            begins = curve.loc[curve["span"] != curve["span"].shift(), "time"]
            for time in list(begins)[1:]:
                shown.add_vline(x=time, line={"width": 1, "dash": "dot", "color": "rgba(138, 146, 156, 0.5)"})
    return shown


def _is_positive(bars: pa.Table) -> bool:
    """Return whether no curve ends in ruin, which a logarithm does not know."""
    return bool(pc.min(bars["equity"]).as_py() > 0)


def _dash(number: int) -> str:
    dashes: Sequence[str] = ("solid", "dash", "dot")
    return dashes[number // len(COLOURS) % len(dashes)]
