"""Scatter: all runs of a sweep by two metrics."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from queries.judgement.binned import Binned
from queries.judgement.bins import Bins
from sweeplake.pictures.quantities import axis, d3, label, titled
from sweeplake.pictures.theme import BLUE, ORANGE, escaped, figure, said, together

_FEW, _THIN = 4_000, 20_000
"""So many cells or fewer, of so many runs, are drawn as points, each where the best run of the cell is."""
_DENSITY = ((0.0, "#b3cde6"), (0.4, "#3b82c4"), (0.75, "#6a4fb3"), (1.0, "#b0306f"))
"""From one run to many; seen on white and on black."""
_TICKS = [digit * 10**power for power in range(9) for digit in (1, 2, 5)]
_STAR = {"symbol": "star", "size": 15, "color": ORANGE, "line": {"color": "#ffffff", "width": 1}}


def scatter(found: Binned, metric: str, *, within: str = "") -> go.Figure:
    """Return the picture of `queries.judgement.binned` over two axes.

    The colour of a cell is the logarithm of its runs, which are counted exactly; few cells are points. The
    sweep's best run has a star where it lies itself. What is not drawn is told below the title.

    Args:
        found: The cells.
        metric: What the best runs are best in.
        within: Which part of the sweep it is.
    """
    x, y = found.axes
    names = titled(x.quantity.name), titled(y.quantity.name)
    title = f"{names[1]} by {names[0]}"
    if not found.cells.num_rows:
        return said(title, f"No run of it has {names[0]} and {names[1]}.")
    starred = found.best is not None and _is_drawn(found.best, found.axes)
    shown = figure(
        title,
        subtitle=together(left_out(found, within), f"star: the best by {titled(metric)}" if starred else ""),
        height=560,
        xaxis=_axis_of(x),
        yaxis=_axis_of(y),
        showlegend=False,
    )
    density(shown, found, metric)
    if found.best is not None and starred:
        star = [
            label(found.best[name]) if cut.choices is not None else found.best[name]
            for name, cut in (("x", x), ("y", y))
        ]
        shown.add_scatter(
            x=star[:1],
            y=star[1:],
            mode="markers",
            marker=_STAR,
            customdata=[[found.best["value"], found.best["run_id"]]],
            hovertemplate=f"the best by {escaped(titled(metric))}: %{{customdata[0]:{d3(metric)}}}"
            "<br>%{customdata[1]}<extra></extra>",
        )
    return shown


def density(shown: go.Figure, found: Binned, metric: str) -> None:
    """Add the cells to a figure."""
    x, y = found.axes
    rows = found.cells.to_pylist()
    told = [[row["runs"], row["best_run_id"], row["best_value"]] for row in rows]
    most = math.log10(max(row["runs"] for row in rows))
    ticks = [tick for tick in _TICKS if tick <= 10**most]
    bar = {
        "title": {"text": "runs", "side": "right"},
        "tickvals": [math.log10(tick) for tick in ticks],
        "ticktext": [f"{tick:,}" for tick in ticks],
    }
    hover = (
        f"{escaped(titled(x.quantity.name))} %{{x}}<br>{escaped(titled(y.quantity.name))} %{{y}}"
        f"<br>%{{customdata[0]:,}} runs, the best by {escaped(titled(metric))}: "
        f"%{{customdata[2]:{d3(metric)}}}<br>%{{customdata[1]}}<extra></extra>"
    )
    if len(rows) <= _FEW and found.runs <= _THIN:
        shown.add_scatter(
            x=[_point(x, row, "x") for row in rows],
            y=[_point(y, row, "y") for row in rows],
            customdata=told,
            mode="markers",
            marker={
                "size": [4 + 4 * math.log10(row["runs"]) for row in rows],
                "color": BLUE,
                "opacity": 0.65,
                "line": {"width": 0},
            },
            hovertemplate=hover,
        )
        return
    across, up = _pieces(x), _pieces(y)
    places = [(_place(x, row["x"]), _place(y, row["y"])) for row in rows]
    z: list[list[float | None]] = [[None] * len(across) for _ in up]
    data: list[list[Any]] = [[None] * len(across) for _ in up]
    for (column, line), row, one in zip(places, rows, told, strict=True):
        z[line][column], data[line][column] = math.log10(row["runs"]), one
    shown.add_heatmap(
        x=across,
        y=up,
        z=z,
        customdata=data,
        zmin=0,
        colorscale=_DENSITY,
        colorbar=bar,
        hoverongaps=False,
        hovertemplate=hover,
    )


def _axis_of(cut: Bins) -> dict[str, Any]:
    """Return the axis of a quantity that was cut."""
    if cut.choices is None:
        return axis(cut.quantity.name)
    order = [label(value) for value in cut.choices]
    return axis(cut.quantity.name) | {"type": "category", "categoryorder": "array", "categoryarray": order}


def _place(cut: Bins, middle: Any) -> int:
    """Return the number of a piece, by its middle or value."""
    if cut.choices is not None:
        return cut.choices.index(middle)
    return int((middle - cut.lower) / cut.width)


def left_out(found: Binned, within: str = "") -> str:
    """Return how many runs there are, and what is not drawn of them, as a line below a title."""
    return together(
        within,
        f"{found.runs:,} runs",
        f"{found.outside:,} lie far outside and are not drawn" if found.outside else "",
        f"{found.undefined:,} have no such value" if found.undefined else "",
    )


def _pieces(cut: Bins) -> list[Any]:
    if cut.choices is not None:
        return [label(value) for value in cut.choices]
    return [cut.lower + (number + 0.5) * cut.width for number in range(cut.count)]


def _point(cut: Bins, row: dict[str, Any], name: str) -> Any:
    """Return where the point of a cell is: at its best run, else in its middle."""
    if cut.choices is not None:
        return label(row[name])
    return row[name] if row["best_run_id"] is None else row[f"best_{name}"]


def _is_drawn(best: Mapping[str, Any], axes: Sequence[Bins]) -> bool:
    """Return whether a run lies within the ranges."""
    return all(
        cut.choices is not None or (best[name] is not None and cut.lower <= best[name] <= cut.upper)
        for name, cut in zip(("x", "y"), axes, strict=True)
    )
