"""Marks and texts of pictures: each is explained, has room, and is called the same everywhere."""

from collections.abc import Iterator

import plotly.graph_objects as go
import pyarrow as pa
import pytest

import sweeplake as sl
from sweeplake.pictures.heatmap import heatmap
from sweeplake.pictures.names import metric_name
from sweeplake.pictures.quantities import titled
from sweeplake.pictures.stitched import POINTS, stitched
from tests.queries.judgement.grids import SWEEP, frame, stored

LONG = "a moving average of closes and opens"
METRICS = {
    "sharpe": [1.0, 2.0, 3.0, 2.5],
    "max_drawdown": [0.1, 0.2, 0.3, 0.4],
    "cagr": [0.4, 0.3, 0.2, 0.1],
}


@pytest.fixture(scope="module")
def sweep() -> Iterator[sl.Sweep]:
    """Two values of a number by two long texts."""
    cells = [("007", 3, LONG), ("007", 4, LONG), ("007", 3, LONG + "s"), ("007", 4, LONG + "s")]
    with stored(frame(cells, METRICS, ("fast", "fill"))) as catalog:
        assert catalog.lake is not None
        with sl.open(catalog.lake.url) as lake:
            yield lake.sweep(SWEEP)


def _subtitle(figure: go.Figure) -> str:
    return str(figure.layout.title.subtitle.text)


def test_a_part_of_a_sweep_keeps_the_legend(sweep: sl.Sweep) -> None:
    part = {"symbol": "007", "where": "fast > 2"}
    told = "007, where fast &gt; 2; "
    assert _subtitle(sweep.plot.sensitivity("sharpe", **part)).startswith(f"{told}line: median")
    assert _subtitle(sweep.plot.shares("sharpe", **part)).startswith(f"{told}share of")


def test_marks_are_explained(sweep: sl.Sweep) -> None:
    assert "star: the best by Sharpe ratio" in _subtitle(sweep.plot.scatter(metric="sharpe"))
    assert "orange: the best" in _subtitle(sweep.plot.parallel("sharpe"))
    assert "orange: the 3 on the front" in _subtitle(sweep.plot.pareto())


@pytest.mark.parametrize(
    ("metrics", "shape"), [(["max_drawdown", "sharpe"], "hv"), (["sharpe", "max_drawdown"], "vh")]
)
def test_the_front_steps_along_what_is_reached(sweep: sl.Sweep, metrics: list[str], shape: str) -> None:
    # A drawdown of 0.15 or less, a Sharpe ratio of 1.5 or more: the best of such runs lie at 0.1 and at 2.
    assert sweep.plot.pareto(metrics).data[-1].line.shape == shape


def test_long_texts_end_before_the_next_axis_and_are_told_in_full(sweep: sl.Sweep) -> None:
    notes = {note.hovertext: note.text for note in sweep.plot.parallel("sharpe").layout.annotations}
    assert notes[LONG] == f"{LONG[:13]}\N{HORIZONTAL ELLIPSIS}"
    figure = sweep.plot.sensitivity("sharpe")
    aliases = [axis.labelalias for axis in figure.select_xaxes() if axis.labelalias]
    assert [alias[LONG] for alias in aliases] == [f"{LONG[:15]}\N{HORIZONTAL ELLIPSIS}"]
    assert any(told[-1] == LONG for trace in figure.data for told in trace.customdata or ())


def test_a_metric_has_one_name() -> None:
    assert titled("sharpe") == metric_name("sharpe") == "Sharpe ratio"
    assert titled("metric_omega_two") == metric_name("metric_omega_two") == "omega_two"
    assert titled("composite_score") == metric_name("composite_score")
    assert titled("fast") == "fast"


def test_equal_cells_have_neither_scale_nor_frame() -> None:
    held = {"value": [0.5] * 4, "runs": [1] * 4, "best_run_id": ["r"] * 4}
    cells = pa.table({"x": [1, 1, 2, 2], "y": [1, 2, 1, 2], **held})
    found = heatmap(cells, "fast", "slow", metric="sharpe", aggregate="median")
    assert (found.layout.shapes, found.data[1].showscale) == ((), False)
    assert _subtitle(found) == "everywhere 0.50"
    line = heatmap(cells.slice(0, 3), "fast", None, metric="sharpe", aggregate="median")
    assert len(line.data) == 1


def test_a_drop_of_one_bar_stays_in_a_long_curve() -> None:
    bars = 10 * POINTS
    equity = [1.0] * bars
    equity[1234] = 0.1
    curve = {
        "symbol": ["A"] * bars,
        "path": [1] * bars,
        "span": [1] * bars,
        "time": pa.array(range(bars), pa.timestamp("us", "UTC")),
        "equity": equity,
        "drawdown": [0.0] * bars,
        "bar_return": [0.0] * bars,
    }
    drawn = stitched(pa.table(curve)).data[0].y
    assert min(drawn) == 0.1
    assert len(drawn) <= POINTS + 2
