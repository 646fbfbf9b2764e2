"""Heatmap: a metric over two parameters as a figure, or along one."""

from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from sweeplake.pictures.names import metric_form
from sweeplake.pictures.quantities import axis, d3, label, lowest_first, settings, shades, titled
from sweeplake.pictures.theme import BLUE, ORANGE, escaped, figure, said, together

_TOLD = 150
"""So many cells have room for their number."""
_ABSENT, _UNDEFINED = "rgba(138, 146, 156, 0.16)", "rgba(138, 146, 156, 0.5)"
_FRAME = (("#111418", 5), ("#ffffff", 2))
"""Colours and widths of the best cell's frame: one of them is seen on every ground."""
_POINT = {"symbol": "circle-open", "size": 14, "color": ORANGE, "line": {"width": 3}}


def heatmap(
    cells: pa.Table, x: str, y: str | None, *, metric: str, aggregate: str, within: str = ""
) -> go.Figure:
    """Return the picture of `queries.judgement.heatmap`.

    Cells lie on categories, so that values of a parameter are equally far apart however they were chosen,
    off first. The best cell has a frame, unless all are equal. Cells without a run are pale, those whose runs
    lack the metric are grey; neither has a colour of the scale. Metrics on both sides of zero have blue and
    orange halves.

    Args:
        cells: Its rows.
        x: Parameter across.
        y: Parameter up; None for a line along x.
        metric: The metric.
        aggregate: How the runs of a cell were taken together.
        within: Which part of the sweep it is, as a line below the title.
    """
    title = f"{aggregate} of {titled(metric)}"
    named = f"{title} by {x}" + (f" and {y}" if y else "")
    rows = cells.to_pylist()
    if not any(row["value"] is not None for row in rows):
        return said(named, f"No run of it has {titled(metric)}.")
    by = "num_trades" if aggregate == "count" else metric
    lowest = aggregate != "count" and lowest_first(metric)
    held = [row for row in rows if row["value"] is not None]
    best = (min if lowest else max)(held, key=lambda row: row["value"])
    differ = len({row["value"] for row in held}) > 1
    subtitle = _framed(best, x, y, by, within) if differ else together(within, _equal(best, by))
    if y is None:
        return _line(named, subtitle, rows, best if differ else None, x, by, title)
    across = list(dict.fromkeys(row["x"] for row in rows))
    up = sorted({row["y"] for row in rows}, key=lambda value: (value is not None, value))
    there = {(row["x"], row["y"]): row for row in rows}
    grid = [[there.get((one, other)) for one in across] for other in up]
    labels = {"x": [label(value) for value in across], "y": [label(value) for value in up]}
    shown = figure(
        named,
        subtitle=subtitle,
        height=max(360, min(760, 170 + 26 * len(up))),
        xaxis={"title": {"text": escaped(x)}, "type": "category", "showgrid": False},
        yaxis={"title": {"text": escaped(y)}, "type": "category", "showgrid": False},
    )
    shown.add_heatmap(
        **labels,
        z=[[_state(cell) for cell in line] for line in grid],
        zmin=0,
        zmax=1,
        colorscale=[[0, _ABSENT], [1, _UNDEFINED]],
        showscale=False,
        xgap=1,
        ygap=1,
        text=[
            [f"no run has {escaped(titled(metric))}" if cell else "no run" for cell in line] for line in grid
        ],
        hovertemplate=f"{escaped(x)} %{{x}}, {escaped(y)} %{{y}}<br>%{{text}}<extra></extra>",
    )
    shown.add_heatmap(
        **labels,
        z=[[cell and cell["value"] for cell in line] for line in grid],
        customdata=[[_told(cell) for cell in line] for line in grid],
        xgap=1,
        ygap=1,
        **shades([row["value"] for row in rows], lowest=lowest),
        colorbar={"tickformat": d3(by), "title": {"text": escaped(title), "side": "right"}},
        showscale=differ,
        texttemplate=f"%{{z:{d3(by)}}}" if len(across) * len(up) <= _TOLD else None,
        hoverongaps=False,
        hovertemplate=f"{escaped(x)} %{{x}}, {escaped(y)} %{{y}}<br>" + _hover("z", by, title),
    )
    column, line = across.index(best["x"]), up.index(best["y"])
    corners = {"x0": column - 0.5, "x1": column + 0.5, "y0": line - 0.5, "y1": line + 0.5}
    for colour, width in _FRAME if differ else ():
        shown.add_shape(type="rect", **corners, line={"color": colour, "width": width})
    return shown


def _line(
    named: str,
    subtitle: str,
    rows: list[dict[str, Any]],
    best: dict[str, Any] | None,
    x: str,
    by: str,
    title: str,
) -> go.Figure:
    shown = figure(
        named,
        subtitle=subtitle,
        xaxis={"title": {"text": escaped(x)}, "type": "category"},
        yaxis=axis(by) | {"title": {"text": escaped(title)}},
        showlegend=False,
    )
    shown.add_scatter(
        x=[label(row["x"]) for row in rows],
        y=[row["value"] for row in rows],
        customdata=[_told(row) for row in rows],
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        hovertemplate=f"{escaped(x)} %{{x}}<br>" + _hover("y", by, title),
    )
    if best is None:
        return shown
    return shown.add_scatter(
        x=[label(best["x"])], y=[best["value"]], mode="markers", marker=_POINT, hoverinfo="skip", name="best"
    )


def _framed(best: dict[str, Any], x: str, y: str | None, by: str, within: str) -> str:
    """Return which cell is the best, as a line below the title."""
    at = settings({name: best[place] for place, name in (("x", x), ("y", y)) if name})
    return together(within, f"marked, the best: {metric_form(by)(best['value'])} at {at}")


def _equal(cell: dict[str, Any], by: str) -> str:
    return f"everywhere {metric_form(by)(cell['value'])}"


def _state(cell: dict[str, Any] | None) -> int | None:
    """Return which ground a cell has: none where its value is drawn."""
    if cell is None:
        return 0
    return 1 if cell["value"] is None else None


def _told(cell: dict[str, Any] | None) -> list[Any] | None:
    return None if cell is None else [cell["runs"], cell["best_run_id"]]


def _hover(value: str, by: str, title: str) -> str:
    return (
        f"{escaped(title)} %{{{value}:{d3(by)}}}<br>%{{customdata[0]:,}} runs, the best: %{{customdata[1]}}"
        "<extra></extra>"
    )
