"""Pictures of a sweep: what is drawn is what the tables say."""

from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

import sweeplake as sl
from queries.errors import BadValueError, UnknownNameError
from queries.luck.luck import is_it_luck
from sweeplake.pictures.quantities import label, settings, shades
from sweeplake.pictures.sensitivity import shares, slices
from sweeplake.pictures.stitched import stitched
from tests.queries.judgement.grids import SWEEP, frame, stored

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture
def cross(swept: Path) -> sl.Sweep:
    lake = sl.open(swept)
    return lake.sweep(lake.sweeps()["sweep_id"].iloc[-1])


def _texts(figure: go.Figure) -> str:
    return str(figure.to_plotly_json())


def test_a_heatmap_draws_every_cell(cross: sl.Sweep) -> None:
    found = cross.plot.heatmap("fast", "slow", "sharpe", "max")
    cells = cross.heatmap("fast", "slow", "sharpe", "max")
    absent, drawn = found.data
    assert (drawn.x, drawn.y) == (("2", "5", "8"), ("5", "10", "20"))
    there = {
        (x, y): (drawn.z[line][column], *drawn.customdata[line][column])
        for line, y in enumerate(drawn.y)
        for column, x in enumerate(drawn.x)
        if drawn.z[line][column] is not None
    }
    assert there == {
        (str(row.x), str(row.y)): (row.value, row.runs, row.best_run_id) for row in cells.itertuples()
    }
    assert sum(value == 0 for line in absent.z for value in line) == 9 - len(cells)
    best = cells.loc[cells["value"].idxmax()]
    [frame, _] = found.layout.shapes
    assert (frame.x0, frame.y0) == ([2, 5, 8].index(best.x) - 0.5, [5, 10, 20].index(best.y) - 0.5)


def test_the_best_cell_of_a_loss_is_the_lowest_and_off_comes_first(cross: sl.Sweep) -> None:
    found = cross.plot.heatmap("stop_loss", metric="max_drawdown", symbol="AAA")
    cells = cross.heatmap("stop_loss", metric="max_drawdown", symbol="AAA")
    line, best = found.data
    assert (line.x, line.y) == (("off", "0.05"), tuple(cells["value"]))
    assert best.y == (cells["value"].min(),)
    assert "AAA; marked, the best:" in found.layout.title.subtitle.text


def test_a_scatter_draws_every_run_once(cross: sl.Sweep) -> None:
    found = cross.plot.scatter("num_trades", "sharpe", "sharpe")
    points, star = found.data
    assert sum(told[0] for told in points.customdata) == 28
    best = cross.best(1, "sharpe")
    assert star.customdata[0][1] == best["run_id"][0]
    assert (star.x[0], star.y[0]) == (best["num_trades"][0], best["sharpe"][0])
    assert set(zip(points.x, points.y, strict=True)) <= {
        (row.num_trades, row.sharpe) for row in cross.search(limit=0).itertuples()
    }


def test_many_cells_are_a_heatmap(cross: sl.Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweeplake.pictures.scatter._FEW", 0)
    found = cross.plot.scatter("fast", "sharpe", "sharpe").data[0]
    told = [cell for line in found.customdata for cell in line if cell is not None]
    assert (found.x, len(found.y), sum(cell[0] for cell in told)) == (("2", "5", "8"), 80, 28)
    assert sum(value is not None for line in found.z for value in line) == len(told)


def test_a_distribution_marks_the_best_and_luck(cross: sl.Sweep) -> None:
    found = cross.plot.distribution("sharpe")
    assert sum(found.data[0].y) == 28
    best = cross.best(1, "sharpe")
    told = is_it_luck(cross.lake.catalog, cross.sweep_id)
    [luck] = [item for item in told if item.run_ids == (best["run_id"][0],)]
    lines = sorted([best["sharpe"][0], luck.expected_sharpe])
    assert [shape.x0 for shape in found.layout.shapes] == pytest.approx(lines)
    assert f"expected of luck on {luck.symbol}" in _texts(found)
    assert f"luck of {luck.trials} trials, as if none were like another" in _texts(found)
    assert "luck" not in _texts(cross.plot.distribution("max_drawdown"))


def test_a_distribution_takes_the_line_of_the_answers_it_is_given(cross: sl.Sweep) -> None:
    told = cross.luck()
    best = cross.best(1, "sharpe")["run_id"][0]
    [luck] = [item for item in told if item.run_ids == (best,)]
    found = cross.plot.distribution("sharpe", luck=told)
    assert luck.effective_trials < luck.trials
    assert luck.expected_sharpe in [shape.x0 for shape in found.layout.shapes]
    assert f"worth {luck.effective_trials:,.1f} that are not alike" in found.layout.title.subtitle.text


def test_lines_and_texts_of_a_distribution_have_room(cross: sl.Sweep) -> None:
    found = cross.plot.distribution("sharpe")
    low, high = found.layout.xaxis.range
    assert all(low < shape.x0 < high for shape in found.layout.shapes)
    lowest = min(note.y for note in found.layout.annotations) - 0.08
    assert max(found.data[0].y) / found.layout.yaxis.range[1] <= lowest


def test_parallel_lines_go_through_the_values_of_the_best(cross: sl.Sweep) -> None:
    found = cross.plot.parallel("sharpe", n=5, others=["max_drawdown"])
    assert found.layout.xaxis.ticktext == ("fast", "slow", "stop_loss", "Max drawdown", "Sharpe ratio")
    runs = cross.best(5, "sharpe")
    *_, best = found.data
    assert runs["run_id"][0] in best.text[0]
    first = runs.iloc[0]
    off = first["param_stop_loss"] != first["param_stop_loss"]
    heights = [(first["param_fast"] - 2) / 6, (first["param_slow"] - 5) / 15, -0.12 if off else 0.5]
    assert list(best.y[:3]) == pytest.approx(heights)
    assert best.y[4] == 1.0
    assert sum(text is not None for trace in found.data[:-1] for text in trace.text) == 25


def test_slices_and_shares_are_those_of_sensitivity(cross: sl.Sweep) -> None:
    table = cross.sensitivity("sharpe")
    bars = shares(table, "sharpe").data[0]
    assert list(bars.x) == table.axes["eta_squared"].to_pylist()
    assert list(bars.y) == table.axes["parameter"].to_pylist()
    medians = [trace.y for trace in slices(table, "sharpe").data if trace.customdata is not None]
    assert [value for line in medians for value in line] == table.slices["median"].to_pylist()


def test_the_front_is_drawn_before_all_runs(cross: sl.Sweep) -> None:
    found = cross.plot.pareto(["max_drawdown", "sharpe"])
    front = cross.pareto(["max_drawdown", "sharpe"])
    assert sorted(told[1] for told in found.data[-1].customdata) == sorted(front["run_id"])
    assert sum(told[0] for told in found.data[0].customdata) == 28


def test_a_sweep_that_is_no_walk_forward_says_so(cross: sl.Sweep) -> None:
    assert "no walk-forward" in _texts(cross.plot.walk_forward())


def test_curves_begin_at_their_first_capital() -> None:
    import pyarrow as pa

    curve: dict[str, list[Any]] = {
        "symbol": ["A"] * 3 + ["B"] * 2,
        "path": [1] * 5,
        "span": [1, 1, 2, 1, 1],
        "time": pa.array([0, 1, 2, 0, 1], pa.timestamp("us", "UTC")),
        "equity": [110.0, 99.0, 120.0, 50.0, 100.0],
        "drawdown": [0.0, 0.1, 0.0, 0.5, 0.0],
        "bar_return": [0.1, -0.1, 0.2121, -0.5, 1.0],
    }
    found = stitched(pa.table(curve))
    assert [trace.name for trace in found.data] == ["A", "B"]
    assert list(found.data[0].y) == pytest.approx([1.1, 0.99, 1.2])
    assert list(found.data[1].y) == pytest.approx([0.5, 1.0])
    assert len(found.layout.shapes) == 1


def test_a_picture_of_nothing_says_so(cross: sl.Sweep) -> None:
    within = {"where": "sharpe > 1e9"}
    for found in (
        cross.plot.heatmap("fast", "slow", "sharpe", **within),
        cross.plot.scatter(**within),
        cross.plot.distribution("sharpe", **within),
        cross.plot.parallel("sharpe", **within),
        cross.plot.sensitivity("sharpe", **within),
        cross.plot.shares("sharpe", **within),
        cross.plot.pareto(**within),
    ):
        assert not found.data
        assert found.layout.annotations[0].text


def test_one_run_is_drawn() -> None:
    with stored(frame([("007", 3)], {"sharpe": [1.0], "max_drawdown": [0.1]}, ("fast",))) as catalog:
        assert catalog.lake is not None
        with sl.open(catalog.lake.url) as lake:
            plot = lake.sweep(SWEEP).plot
            assert plot.heatmap("fast").data[0].y == (1.0,)
            assert plot.scatter().data[0].y == (1.0,)
            assert sum(plot.distribution("sharpe").data[0].y) == 1
            assert plot.parallel("sharpe", others=[]).data[-1].y[0] == 0.5
            assert plot.pareto().data[-1].y == (1.0,)
            assert "more than one value" in _texts(plot.sensitivity("sharpe"))


def test_names_and_values_stay_text() -> None:
    cells = [("007", 3, HOSTILE), ("007", 4, "<b>bold</b>"), ("Mü", 3, "plain")]
    rows = frame(cells, {"sharpe": [1.0, 2.0, 3.0], "max_drawdown": [0.1] * 3}, ("fast", "fill"))
    rows.loc[rows["symbol"] == "Mü", "symbol"] = HOSTILE
    with stored(rows) as catalog:
        assert catalog.lake is not None
        with sl.open(catalog.lake.url) as lake:
            plot = lake.sweep(SWEEP).plot
            for found in (
                plot.heatmap("fast", "fill", "sharpe"),
                plot.heatmap("fill", metric="sharpe", symbol=HOSTILE),
                plot.scatter("fill", "sharpe"),
                plot.distribution("sharpe"),
                plot.parallel("sharpe"),
                plot.sensitivity("sharpe"),
                plot.shares("sharpe"),
                plot.pareto(),
            ):
                assert found.data
                assert "<script" not in _texts(found)
                assert "<b>bold" not in _texts(found)


def test_what_cannot_be_drawn_is_refused(cross: sl.Sweep) -> None:
    with pytest.raises(UnknownNameError, match='did you mean "sharpe"'):
        cross.plot.scatter("shrape")
    with pytest.raises(UnknownNameError, match='unknown parameter "fsat"; did you mean "fast"'):
        cross.plot.heatmap("fsat")
    with pytest.raises(UnknownNameError, match='unknown symbol "AAB"; did you mean "AAA"'):
        cross.plot.scatter(symbol="AAB")
    with pytest.raises(BadValueError, match="two different metrics"):
        cross.plot.pareto(["sharpe"])


def test_values_read_as_they_were_written() -> None:
    assert [label(value) for value in (None, True, 3, 0.1, 1e-7, "<b>")] == [
        "off",
        "true",
        "3",
        "0.1",
        "1e-07",
        "&lt;b&gt;",
    ]
    assert [label(value) for value in (0.1, 0.100000000001, 3.0)] == ["0.1", "0.100000000001", "3"]
    assert settings({"fast": 3, "stop": None}) == "fast 3, stop off"


def test_colours_diverge_from_zero_where_values_lie_on_both_sides() -> None:
    assert shades([-1.0, None, 3.0], lowest=False)["zmin"] == -3.0
    assert "zmin" not in shades([1.0, 3.0], lowest=True)
    assert shades([1.0, 3.0], lowest=True)["reversescale"]
