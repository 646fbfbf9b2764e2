"""Distribution: how a metric is spread over all runs, and what luck alone would have made the best."""

from collections.abc import Mapping

import plotly.graph_objects as go

from queries.judgement.binned import Binned
from sweeplake.pictures.names import metric_form
from sweeplake.pictures.quantities import d3, label, titled
from sweeplake.pictures.scatter import axis_of, left_out
from sweeplake.pictures.theme import BLUE, GREY, ORANGE, PURPLE, escaped, figure, said

_COLOURS = (PURPLE, GREY)


def distribution(
    found: Binned, metric: str, *, lines: Mapping[str, float] | None = None, within: str = ""
) -> go.Figure:
    """Return the picture of `queries.judgement.binned` over one axis.

    Args:
        found: The cells.
        metric: What the best run of a bar is best in; the best of all has an orange line if it is the
            metric that is drawn.
        lines: Further values that have a line, by name.
        within: Which part of the sweep it is.
    """
    name = found.x.quantity.name
    title = f"Runs by {titled(name)}"
    if not found.cells.num_rows:
        return said(title, f"No run of it has {titled(name)}.")
    rows = found.cells.to_pylist()
    shown = figure(
        title,
        subtitle=left_out(found, within),
        xaxis=axis_of(found.x),
        yaxis={"title": {"text": "runs"}},
        showlegend=False,
    )
    shown.add_bar(
        x=[row["x"] if found.x.choices is None else label(row["x"]) for row in rows],
        y=[row["runs"] for row in rows],
        width=0.96 * found.x.width if found.x.choices is None else None,
        customdata=[[row["best_run_id"], row["best_value"]] for row in rows],
        marker={"color": BLUE},
        hovertemplate=f"{escaped(titled(name))} %{{x}}<br>%{{y:,}} runs, "
        f"the best by {escaped(titled(metric))}: %{{customdata[1]:{d3(metric)}}}"
        "<br>%{customdata[0]}<extra></extra>",
    )
    marks = [
        (what, at, colour) for (what, at), colour in zip((lines or {}).items(), _COLOURS * 4, strict=False)
    ]
    if found.best is not None and name == metric:
        marks.append(("the best", found.best["value"], ORANGE))
    for number, (what, at, colour) in enumerate(sorted(marks, key=lambda mark: mark[1])):
        drawn = min(max(at, found.x.lower), found.x.upper) if found.x.choices is None else at
        shown.add_vline(x=drawn, line={"color": colour, "width": 2, "dash": "dot" if drawn == at else "dash"})
        shown.add_annotation(
            x=drawn,
            y=1 - 0.09 * number,
            yref="paper",
            xanchor="right",
            xshift=-4,
            showarrow=False,
            text=escaped(f"{what}: {metric_form(name)(at)}"),
            font={"color": colour},
        )
    return shown
