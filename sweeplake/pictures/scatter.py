"""Scatter: all runs of a sweep by two metrics, and the front of those that none beats."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from queries.judgement.binned import Binned
from queries.judgement.bins import Bins
from sweeplake.pictures.quantities import axis, d3, label, titled
from sweeplake.pictures.theme import BLUE, ORANGE, escaped, figure, said

_FEW = 4_000
"""So many cells or fewer are drawn as points, each where the best run of the cell is."""
_DENSITY = ((0.0, "#b3cde6"), (0.4, "#3b82c4"), (0.75, "#6a4fb3"), (1.0, "#b0306f"))
"""From one run to many; seen on white and on black."""
_TICKS = [digit * 10**power for power in range(9) for digit in (1, 2, 5)]
STAR = {"symbol": "star", "size": 15, "color": ORANGE, "line": {"color": "#ffffff", "width": 1}}


def scatter(found: Binned, metric: str, *, within: str = "") -> go.Figure:
    """Return the picture of `queries.judgement.binned` over two axes.

    The colour of a cell is the logarithm of its runs, which are counted exactly; few cells are points. The
    sweep's best run has a star where it lies itself. What is not drawn is told below the title.

    Args:
        found: The cells.
        metric: What the best runs are best in.
        within: Which part of the sweep it is.
    """
    if found.y is None:
        raise ValueError(found)
    x, y = found.x.quantity.name, found.y.quantity.name
    title = f"{titled(y)} by {titled(x)}"
    if not found.cells.num_rows:
        return said(title, f"No run of it has {titled(x)} and {titled(y)}.")
    shown = figure(
        title,
        subtitle=left_out(found, within),
        height=560,
        xaxis=axis_of(found.x),
        yaxis=axis_of(found.y),
        showlegend=False,
    )
    density(shown, found, metric)
    if found.best is not None and _is_drawn(found):
        star = [
            label(found.best[name]) if cut.choices is not None else found.best[name]
            for name, cut in (("x", found.x), ("y", found.y))
        ]
        shown.add_scatter(
            x=star[:1],
            y=star[1:],
            mode="markers",
            marker=STAR,
            customdata=[[found.best["value"], found.best["run_id"]]],
            hovertemplate=f"the best by {escaped(titled(metric))}: %{{customdata[0]:{d3(metric)}}}"
            "<br>%{customdata[1]}<extra></extra>",
        )
    return shown


def density(shown: go.Figure, found: Binned, metric: str) -> None:
    """Add the cells to a figure."""
    if found.y is None:
        raise ValueError(found)
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
        f"{escaped(titled(found.x.quantity.name))} %{{x}}<br>{escaped(titled(found.y.quantity.name))} %{{y}}"
        f"<br>%{{customdata[0]:,}} runs, the best by {escaped(titled(metric))}: "
        f"%{{customdata[2]:{d3(metric)}}}<br>%{{customdata[1]}}<extra></extra>"
    )
    if len(rows) <= _FEW:
        shown.add_scatter(
            x=[_point(found.x, row, "x") for row in rows],
            y=[_point(found.y, row, "y") for row in rows],
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
    across, up = _pieces(found.x), _pieces(found.y)
    places = [(place(found.x, row["x"]), place(found.y, row["y"])) for row in rows]
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


def axis_of(cut: Bins) -> dict[str, Any]:
    """Return the axis of a quantity that was cut."""
    if cut.choices is None:
        return axis(cut.quantity.name)
    order = [label(value) for value in cut.choices]
    return axis(cut.quantity.name) | {"type": "category", "categoryorder": "array", "categoryarray": order}


def place(cut: Bins, middle: Any) -> int:
    """Return the number of a piece, by its middle or value."""
    if cut.choices is not None:
        return cut.choices.index(middle)
    return int((middle - cut.lower) / cut.width)


def left_out(found: Binned, within: str = "") -> str:
    """Return how many runs there are, and what is not drawn of them, as a line below a title."""
    told = [within] if within else []
    told.append(f"{found.runs:,} runs")
    if found.outside:
        told.append(f"{found.outside:,} lie far outside and are not drawn")
    if found.undefined:
        told.append(f"{found.undefined:,} have no such value")
    return "; ".join(told)


def _pieces(cut: Bins) -> list[Any]:
    if cut.choices is not None:
        return [label(value) for value in cut.choices]
    return [cut.lower + (number + 0.5) * cut.width for number in range(cut.count)]


def _point(cut: Bins, row: dict[str, Any], name: str) -> Any:
    """Return where the point of a cell is: at its best run, else in its middle."""
    if cut.choices is not None:
        return label(row[name])
    return row[name] if row["best_run_id"] is None else row[f"best_{name}"]


def _is_drawn(found: Binned) -> bool:
    """Return whether the best run lies within the ranges."""
    return all(
        cut.choices is not None
        or (
            found.best is not None
            and found.best[name] is not None
            and cut.lower <= found.best[name] <= cut.upper
        )
        for name, cut in (("x", found.x), ("y", found.y))
        if cut is not None
    )


def pareto(front: pa.Table, found: Binned, metrics: Sequence[str], *, within: str = "") -> go.Figure:
    """Return the front of `queries.judgement.pareto` before all runs, along its first two metrics.

    Args:
        front: The runs that no other beats.
        found: All runs as cells, by the first two of the metrics.
        metrics: Columns of the metrics.
        within: Which part of the sweep it is.
    """
    title = f"Runs that none beats in {' and '.join(map(titled, metrics))}"
    if not front.num_rows or not found.cells.num_rows:
        return said(title, "No run has all of them.")
    x, y = metrics[:2]
    shown = figure(
        title,
        subtitle=f"{left_out(found, within)}; {front.num_rows:,} are on the front",
        height=560,
        xaxis=axis(x),
        yaxis=axis(y),
        showlegend=False,
    )
    density(shown, found, x)
    rows = sorted(front.to_pylist(), key=lambda row: row[x])
    others = "".join(
        f"<br>{escaped(titled(name))} %{{customdata[{2 + number}]:{d3(name)}}}"
        for number, name in enumerate(metrics)
    )
    return shown.add_scatter(
        x=[row[x] for row in rows],
        y=[row[y] for row in rows],
        customdata=[
            [escaped(row["symbol"]), row["run_id"], *(row[name] for name in metrics)] for row in rows
        ],
        mode="lines+markers" if len(metrics) == 2 else "markers",
        line={"color": ORANGE, "width": 1, "shape": "linear", "dash": "dot"},
        marker={"size": 9, "color": ORANGE, "line": {"color": "#ffffff", "width": 1}},
        hovertemplate=f"%{{customdata[0]}}{others}<br>%{{customdata[1]}}<extra></extra>",
    )
