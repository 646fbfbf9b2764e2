"""Pareto: the runs that no other beats, before all others."""

from collections.abc import Sequence

import plotly.graph_objects as go
import pyarrow as pa

from queries.judgement.binned import Binned
from sweeplake.pictures.quantities import axis, d3, lowest_first, titled
from sweeplake.pictures.scatter import density, left_out
from sweeplake.pictures.theme import ORANGE, escaped, figure, said


def pareto(front: pa.Table, found: Binned, metrics: Sequence[str], *, within: str = "") -> go.Figure:
    """Return the front of `queries.judgement.pareto` before all runs, along its first two metrics.

    Of two metrics its steps join what is reached: to be as good in x, a run between two of the front can be
    no better in y than the one whose x is good enough.

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
        subtitle=f"{left_out(found, within)}; orange: the {front.num_rows:,} on the front",
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
        line={"color": ORANGE, "width": 1, "shape": "hv" if lowest_first(x) else "vh", "dash": "dot"},
        marker={"size": 9, "color": ORANGE, "line": {"color": "#ffffff", "width": 1}},
        hovertemplate=f"%{{customdata[0]}}{others}<br>%{{customdata[1]}}<extra></extra>",
    )
