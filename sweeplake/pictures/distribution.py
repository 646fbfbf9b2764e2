"""Distribution: how a metric is spread over all runs, and what luck alone would have made the best."""

from collections.abc import Mapping

import plotly.graph_objects as go

from queries.judgement.binned import Binned
from sweeplake.pictures.names import metric_form
from sweeplake.pictures.quantities import axis, d3, titled
from sweeplake.pictures.scatter import left_out
from sweeplake.pictures.theme import BLUE, ORANGE, PURPLE, escaped, figure, said


def distribution(found: Binned, *, lines: Mapping[str, float] | None = None, within: str = "") -> go.Figure:
    """Return the picture of `queries.judgement.binned` over one metric, its best run marked.

    Args:
        found: The cells of a metric, which is also what their best runs are best in.
        lines: Further values that have a line, by name.
        within: Which part of the sweep it is.
    """
    [cut] = found.axes
    metric = cut.quantity.name
    title = f"Runs by {titled(metric)}"
    if not found.cells.num_rows or found.best is None:
        return said(title, f"No run of it has {titled(metric)}.")
    rows = found.cells.to_pylist()
    marks = [(what, at, PURPLE) for what, at in (lines or {}).items()]
    low, high = (
        fold([end, *(at for _, at, _ in marks)]) for fold, end in ((min, cut.lower), (max, cut.upper))
    )
    shown = figure(
        title,
        subtitle=left_out(found, within),
        xaxis=axis(metric) | {"range": [low, high]},
        yaxis={"title": {"text": "runs"}},
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
    marks.append(("the best", found.best["value"], ORANGE))
    for number, (what, at, colour) in enumerate(sorted(marks, key=lambda mark: mark[1])):
        drawn = min(max(at, low), high)
        shown.add_vline(x=drawn, line={"color": colour, "width": 2, "dash": "dot" if drawn == at else "dash"})
        shown.add_annotation(
            x=drawn,
            y=1 - 0.09 * number,
            yref="paper",
            xanchor="right" if drawn > (low + high) / 2 else "left",
            xshift=-4 if drawn > (low + high) / 2 else 4,
            showarrow=False,
            text=escaped(f"{what}: {metric_form(metric)(at)}"),
            font={"color": colour},
        )
    return shown
