"""Sensitivity: what decides a metric, and the metric at every value of what does, as one figure."""

import math
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from queries.judgement.sensitivity import Sensitivity
from sweeplake.pictures.quantities import axis, d3, titled
from sweeplake.pictures.theme import BLUE, ORANGE, PERCENT, escaped, figure, said, shortened, together

SLICES = 9
"""The parameters that decide most have a slice each."""
_COLUMNS = 3
_WIDE = 16
"""Characters of a value that have room below a slice; pointing at it tells all of them."""
_BANDS = (("p05", "p95", "rgba(59, 130, 196, 0.16)"), ("p25", "p75", "rgba(59, 130, 196, 0.30)"))


def shares(found: Sensitivity, metric: str, *, within: str = "") -> go.Figure:
    """Return the share of a metric's variance that each parameter explains by itself, as bars."""
    title = f"What decides {titled(metric)}"
    rows = [row for row in found.axes.to_pylist() if row["eta_squared"] is not None]
    if not rows:
        return said(title, _nothing(found, metric))
    shown = figure(
        title,
        subtitle=together(within, "share of its variance that a parameter explains by itself"),
        height=150 + 26 * len(rows),
        xaxis={"tickformat": PERCENT, "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "type": "category"},
    )
    return shown.add_bar(
        x=[row["eta_squared"] for row in rows],
        y=[escaped(row["parameter"]) for row in rows],
        orientation="h",
        marker={"color": BLUE},
        texttemplate="%{x:.1%}",
        textposition="outside",
        cliponaxis=False,
        customdata=[[row["values"], escaped(row["best_value"] or "off"), row["best_mean"]] for row in rows],
        hovertemplate="%{y}: %{x:.1%}<br>%{customdata[0]} values, the best on average: %{customdata[1]} "
        f"(%{{customdata[2]:{d3(metric)}}})<extra></extra>",
    )


def slices(found: Sensitivity, metric: str, *, within: str = "") -> go.Figure:
    """Return the metric at every value of the parameters that decide most, at most nine.

    A line is the median, dots are means, the bands hold half and nine tenths of the runs.
    """
    title = f"{titled(metric)} at each value"
    every: dict[str, list[dict[str, Any]]] = {}
    for row in found.slices.to_pylist():
        every.setdefault(row["parameter"], []).append(row)
    held = dict(list(every.items())[:SLICES])
    if not any(row["runs"] for rows in held.values() for row in rows):
        return said(title, _nothing(found, metric))
    across = min(_COLUMNS, len(held))
    down = math.ceil(len(held) / across)
    shown = make_subplots(
        rows=down,
        cols=across,
        shared_yaxes="all",
        horizontal_spacing=0.04,
        vertical_spacing=0.28 / down,
        subplot_titles=[escaped(name) for name in held],
        figure=figure(
            title,
            subtitle=together(within, "line: median, dots: mean, bands: half and nine tenths of the runs"),
            height=160 + 230 * down,
            margin={"t": 116},
            showlegend=False,
        ),
    )
    shown.update_annotations(font={"size": 13}, yshift=2)
    for place, rows in enumerate(held.values()):
        where = {"row": place // across + 1, "col": place % across + 1}
        _slice(shown, rows, metric, where)
        values = {escaped(row["value"]): str(row["value"]) for row in rows}
        alias = {name: escaped(shortened(text, _WIDE)) for name, text in values.items() if len(text) > _WIDE}
        shown.update_xaxes(type="category", labelalias=alias, **where)
        shown.update_yaxes(tickformat=axis(metric).get("tickformat"), **where)
    return shown


def _slice(shown: go.Figure, rows: list[dict[str, Any]], metric: str, where: dict[str, int]) -> None:
    labels = ["off" if row["value"] is None else escaped(row["value"]) for row in rows]
    for low, high, colour in _BANDS:
        shown.add_scatter(
            x=labels, y=[row[low] for row in rows], mode="lines", line={"width": 0}, hoverinfo="skip", **where
        )
        shown.add_scatter(
            x=labels,
            y=[row[high] for row in rows],
            mode="lines",
            line={"width": 0},
            fill="tonexty",
            fillcolor=colour,
            hoverinfo="skip",
            **where,
        )
    names = ("runs", "mean", "p05", "p25", "p75", "p95")
    told = [[*(row[name] for name in names), label] for label, row in zip(labels, rows, strict=True)]
    number = d3(metric)
    shown.add_scatter(
        x=labels,
        y=[row["median"] for row in rows],
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 4},
        customdata=told,
        hovertemplate=f"%{{customdata[6]}}: median %{{y:{number}}}, mean %{{customdata[1]:{number}}}<br>"
        f"half: %{{customdata[3]:{number}}} to %{{customdata[4]:{number}}}<br>"
        f"nine tenths: %{{customdata[2]:{number}}} to %{{customdata[5]:{number}}}<br>"
        "%{customdata[0]:,} runs<extra></extra>",
        **where,
    )
    shown.add_scatter(
        x=labels,
        y=[row["mean"] for row in rows],
        mode="markers",
        marker={"size": 5, "color": ORANGE},
        hoverinfo="skip",
        **where,
    )


def _nothing(found: Sensitivity, metric: str) -> str:
    if not found.axes.num_rows:
        return "No parameter has more than one value."
    return f"{titled(metric)} does not vary, or no run of it has it."
