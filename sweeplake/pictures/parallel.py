"""Parallel coordinates: the best runs as lines through their parameters and metrics.

They are drawn as lines, not by Plotly's own kind for it: that one needs WebGL, and tells of no line which run
it is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from queries.judgement.leaders import Leaders, Tried
from queries.parameters import Value
from sweeplake.pictures.names import metric_form
from sweeplake.pictures.quantities import OFF, label, lowest_first, setting, titled
from sweeplake.pictures.theme import ORANGE, escaped, figure, said, shortened, together

_SHADES = 8
_GAP = -0.12
"""Where off lies: below the lowest number, which is at 0; the highest is at 1."""
_TICKS = 5
_WIDE = 14
"""Characters beside a line that end before the next one; pointing at them tells all of them."""


@dataclass(frozen=True)
class _Line:
    """One vertical line.

    Attributes:
        name: What is on it.
        column: The column of its values.
        ticks: Heights by the texts beside them, plain text.
        height: Where a value is; None if there is no value.
        text: How a value reads.
    """

    name: str
    column: str
    ticks: dict[str, float]
    height: Callable[[Any], float | None]
    text: Callable[[Any], str]


def parallel(found: Leaders, *, within: str = "") -> go.Figure:
    """Return the picture of `queries.judgement.leaders`.

    Each parameter's line is as long as what all runs tried of it, off at its lower end, so that it shows
    where the best ones crowd. The brighter a line, the better the run; the best of all is orange. Metrics
    follow; a line has a gap where a run lacks one.
    """
    rows = found.runs.to_pylist()
    if not rows:
        return said("The best runs", f"No run of it has {titled(found.metric)}.")
    title = f"The {len(rows):,} best runs by {titled(found.metric)}" if len(rows) > 1 else "The only run"
    lines = [_parameter(tried) for tried in found.tried]
    lines += [_metric(name, [row[name] for row in rows]) for name in (*found.others, found.metric)]
    shown = figure(
        title,
        subtitle=together(within, "orange: the best; the brighter a line, the better" if rows[1:] else ""),
        height=540,
        margin={"t": 124},
        showlegend=False,
        xaxis={
            "tickvals": list(range(len(lines))),
            "ticktext": [escaped(line.name) for line in lines],
            "side": "top",
            "range": [-0.25, len(lines) - 0.75],
            "showgrid": True,
            "zeroline": False,
        },
        yaxis={"visible": False, "range": [_GAP - 0.06, 1.04]},
    )
    for number, line in enumerate(lines):
        for text, height in line.ticks.items():
            shown.add_annotation(
                x=number,
                y=height,
                text=escaped(shortened(text, _WIDE)),
                hovertext=escaped(text) if len(text) > _WIDE else None,
                showarrow=False,
                xanchor="left",
                xshift=4,
                font={"size": 10},
            )
    better = -1 if lowest_first(found.metric) else 1
    worth = [better * row[found.metric] for row in rows]
    spread = max(worth) - min(worth)
    shade = [math.floor((_SHADES - 1) * (one - min(worth)) / spread) if spread else 0 for one in worth]
    colours = sample_colorscale("Viridis", [0.25 + 0.6 * place / (_SHADES - 1) for place in range(_SHADES)])
    for place in sorted(set(shade)):
        held = [row for row, mine in zip(rows, shade, strict=True) if mine == place]
        _draw(shown, held, lines, {"color": colours[place], "width": 1}, 0.45)
    _draw(shown, rows[:1], lines, {"color": ORANGE, "width": 3}, 1.0)
    return shown


def _draw(
    shown: go.Figure, rows: list[dict[str, Any]], lines: list[_Line], line: dict[str, Any], opacity: float
) -> None:
    """Add runs as one trace, with a gap after each."""
    x: list[float | None] = []
    y: list[float | None] = []
    told: list[str | None] = []
    for row in rows:
        for number, axis in enumerate(lines):
            x.append(number)
            y.append(axis.height(row[axis.column]))
            told.append(
                f"{escaped(axis.name)} {axis.text(row[axis.column])}<br>place {row['place']:,}, "
                f"{escaped(row['symbol'])}<br>{row['run_id']}"
            )
        x.append(None)
        y.append(None)
        told.append(None)
    shown.add_scatter(
        x=x,
        y=y,
        text=told,
        mode="lines+markers",
        marker={"size": 3},
        line=line,
        opacity=opacity,
        hovertemplate="%{text}<extra></extra>",
    )


def _parameter(tried: Tried) -> _Line:
    parameter = tried.parameter
    if tried.choices:
        heights: dict[Value, float] = {
            value: place / max(1, len(tried.choices) - 1) for place, value in enumerate(tried.choices)
        }
        if tried.has_off:
            heights[None] = _GAP
        ticks = {setting(value): height for value, height in heights.items()}
        return _Line(parameter.name, parameter.column, ticks, heights.get, label)
    low, high = (float(end) if isinstance(end, int | float) else 0.0 for end in (tried.lowest, tried.highest))
    line = _numbers(parameter.name, parameter.column, low, high, label, whole=parameter.kind == "int")
    if not tried.has_off:
        return line
    heights_of = line.height
    return _Line(
        line.name,
        line.column,
        {OFF: _GAP, **line.ticks},
        lambda value: _GAP if value is None else heights_of(value),
        label,
    )


def _metric(name: str, values: list[float | None]) -> _Line:
    held = [value for value in values if value is not None]
    if not held:
        return _Line(titled(name), name, {}, lambda _: None, metric_form(name))
    return _numbers(titled(name), name, min(held), max(held), metric_form(name))


def _numbers(
    name: str, column: str, low: float, high: float, text: Callable[[Any], str], *, whole: bool = False
) -> _Line:
    span = high - low

    def height(value: float | None) -> float | None:
        if value is None:
            return None
        return (value - low) / span if span else 0.5

    steps = min(_TICKS, int(span) + 1) if whole else _TICKS
    at = [low + span * place / max(1, steps - 1) for place in range(steps)] if span else [low]
    values = [round(value) if whole else value for value in at]
    return _Line(name, column, {_short(value, text): height(value) or 0.0 for value in values}, height, text)


def _short(value: float, text: Callable[[Any], str]) -> str:
    """Return the text beside a tick: of a parameter's value no more digits than tell ticks apart."""
    return f"{value:.4g}" if text is label else text(value)
