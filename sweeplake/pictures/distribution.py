"""Distribution: how a metric is spread over all runs, and what luck alone would have made the best."""

import plotly.graph_objects as go

from queries.judgement.binned import Binned
from queries.luck.luck import Luck
from sweeplake.pictures.names import metric_form
from sweeplake.pictures.quantities import axis, d3, titled
from sweeplake.pictures.scatter import left_out
from sweeplake.pictures.theme import BLUE, ORANGE, PURPLE, escaped, figure, said

_AIR = 0.02
"""Share of the axis beyond its outermost bar or line, so that a line there is whole;"""
_TEXTS = 0.09
"""and share of the height above the highest bar for each line's text, so that none lies on a bar."""


def distribution(found: Binned, *, luck: Luck | None = None, within: str = "") -> go.Figure:
    """Return the picture of `queries.judgement.binned` over one metric, its best run marked.

    Args:
        found: The cells of a metric, which is also what their best runs are best in.
        luck: What luck makes of as many trials; None draws no line for it.
        within: Which part of the sweep it is.
    """
    [cut] = found.axes
    metric = cut.quantity.name
    title = f"Runs by {titled(metric)}"
    if not found.cells.num_rows or found.best is None:
        return said(title, f"No run of it has {titled(metric)}.")
    rows = found.cells.to_pylist()
    marks = [(f"expected of luck on {luck.symbol}", luck.expected_sharpe, PURPLE)] if luck else []
    low, high = (
        fold([end, *(at for _, at, _ in marks)]) for fold, end in ((min, cut.lower), (max, cut.upper))
    )
    air = _AIR * (high - low)
    marks.append(("the best", found.best["value"], ORANGE))
    room = 1 - _TEXTS * len(marks)
    shown = figure(
        title,
        subtitle=left_out(found, within) + (f"; {_counted(luck)}" if luck else ""),
        xaxis=axis(metric) | {"range": [low - air, high + air]},
        yaxis={"title": {"text": "runs"}, "range": [0, max(row["runs"] for row in rows) / room]},
        showlegend=False,
    )
    shown.add_bar(
        x=[row["x"] for row in rows],
        y=[row["runs"] for row in rows],
        width=0.96 * cut.width,
        customdata=[[row["best_run_id"], row["best_value"]] for row in rows],
        marker={"color": BLUE},
        hovertemplate=f"{escaped(titled(metric))} %{{x}}<br>%{{y:,}} runs, "
        f"the best: %{{customdata[1]:{d3(metric)}}}"
        "<br>%{customdata[0]}<extra></extra>",
    )
    for number, (what, at, colour) in enumerate(sorted(marks, key=lambda mark: mark[1])):
        drawn = min(max(at, low), high)
        shown.add_vline(x=drawn, line={"color": colour, "width": 2, "dash": "dot" if drawn == at else "dash"})
        shown.add_annotation(
            x=drawn,
            y=1 - _TEXTS * number,
            yref="paper",
            yanchor="top",
            xanchor="right" if drawn > (low + high) / 2 else "left",
            xshift=-4 if drawn > (low + high) / 2 else 4,
            showarrow=False,
            text=escaped(f"{what}: {metric_form(metric)(at)}"),
            font={"color": colour},
        )
    return shown


def _counted(luck: Luck) -> str:
    """Return how many trials the line of luck is for, in words."""
    if luck.correlation is None:
        return f"luck of {luck.trials:,} trials, as if none were like another"
    return f"luck of {luck.trials:,} trials, worth {luck.effective_trials:,.1f} that are not alike"
