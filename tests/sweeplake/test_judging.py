"""Judging a sweep from the command line and from Python."""

import re
from pathlib import Path

import click
import pandas as pd
import pyarrow.parquet as pq
import pytest

import sweeplake as sl
from lake.lake import open_lake
from queries.errors import BadValueError
from queries.judgement.heatmap import AGGREGATES
from sweeplake.cli import cli
from sweeplake.cli.matrix import print_matrix
from tests.queries.conftest import parameters, put_runs, put_sweep, run_rows
from tests.sweeplake.asking import Ask, refused
from tests.sweeplake.test_cli_tables import terminal

CELLS = {(2, 5), (2, 10), (2, 20), (5, 10), (5, 20), (8, 10), (8, 20)}


@pytest.fixture
def cross(swept: Path) -> sl.Sweep:
    lake = sl.open(swept)
    return lake.sweep(lake.sweeps()["sweep_id"].iloc[-1])


def test_a_heatmap_is_rows_of_cells(ask: Ask, swept: Path, cross: sl.Sweep) -> None:
    words = ("heatmap", cross.sweep_id, "--lake", swept, "--x", "fast", "--y", "slow", "--json")
    found = ask(*words).json
    assert {name: found[name] for name in ("x", "y", "metric", "aggregate")} == {
        "x": "fast",
        "y": "slow",
        "metric": "composite_score",
        "aggregate": "median",
    }
    assert {(row["x"], row["y"]) for row in found["rows"]} == CELLS
    assert {row["runs"] for row in found["rows"]} == {4}
    one = ask(*words, "--symbol", "AAA", "--where", "param_stop_loss is null", "--metric", "sharpe").json
    runs = cross.search(sort="sharpe", symbol="AAA", where="param_stop_loss is null", limit=0)
    assert sorted(row["best_run_id"] for row in one["rows"]) == sorted(runs["run_id"])


def test_a_heatmap_in_a_pipe_is_a_table(ask: Ask, swept: Path, cross: sl.Sweep) -> None:
    words = ("heatmap", cross.sweep_id, "--lake", swept, "--metric", "max_drawdown")
    lines = ask(*words, "--x", "fast", "--y", "stop_loss").out.splitlines()
    assert lines[0] == "median of max_drawdown"
    assert lines[1].split() == ["fast", "stop_loss", "max_drawdown", "runs", "best_run_id"]
    assert [line.split()[:2] for line in lines[2:4]] == [["2", "off"], ["2", "0.05"]]
    slices = ask(*words, "--x", "stop_loss", "--aggregate", "count").out.splitlines()
    assert slices[1].split() == ["stop_loss", "max_drawdown", "runs", "best_run_id"]
    assert len(slices) == 4


@pytest.fixture
def alike(tmp_path: Path) -> Path:
    """A lake with a sweep whose parameters and own metric are called as columns of our tables."""
    lake = open_lake(str(tmp_path / "lake"))
    known = parameters(("runs", "int", "strategy"), ("sharpe", "int", "strategy"))
    put_sweep(lake, "alike", "own", runs=4, done=4, parameters=known)
    columns = {
        "param_runs": [7.0, 7.0, 9.0, 9.0],
        "param_sharpe": [5.0, 6.0, 5.0, 6.0],
        "metric_score": [41.5, 42.5, 43.5, 44.5],
        "sharpe": [0.25, 0.5, 0.75, 1.5],
    }
    put_runs(lake, "own", "AAA", run_rows("alike", [f"{place:032x}" for place in range(4)], columns))
    return tmp_path / "lake"


def test_a_heatmap_tells_parameters_from_columns_of_their_names(ask: Ask, alike: Path) -> None:
    asked = ("heatmap", "alike", "--lake", alike, "--metric", "sharpe", "--aggregate", "max")
    header, *rows = ask(*asked, "--x", "runs", "--y", "sharpe").out.splitlines()[1:]
    assert re.split(r"  +", header.strip()) == [
        "runs (x)",
        "sharpe (y)",
        "sharpe (value)",
        "runs",
        "best_run_id",
    ]
    assert {tuple(map(float, row.split()[:4])) for row in rows} == {
        *((7, 5, 0.25, 1), (7, 6, 0.5, 1), (9, 5, 0.75, 1), (9, 6, 1.5, 1))
    }


def test_a_judgement_tells_a_metric_from_a_column_of_its_name(ask: Ask, alike: Path) -> None:
    asked = ("judge", "alike", "--lake", alike, "--metric", "score")
    found = ask(*asked, "--json").json["plateau"][0]
    lines = ask(*asked).out.splitlines()
    (place,) = (place for place, line in enumerate(lines) if line.startswith("The best runs"))
    header, first = (re.split(r"  +", line.strip()) for line in lines[place + 1 : place + 3])
    cells = dict(zip(header, first, strict=True))
    assert float(cells["score (metric)"]) == found["value"] == 44.5
    assert float(cells["score"]) == pytest.approx(found["score"], abs=1e-3)


def test_two_names_of_one_metric_make_no_front(alike: Path) -> None:
    with sl.open(alike) as lake:
        assert len(lake.sweep("alike").pareto(("score", "sharpe"))) == 1
        with pytest.raises(BadValueError, match="two different metrics"):
            lake.sweep("alike").pareto(("score", "metric_score"))


def test_a_terminal_shows_a_heatmap_as_a_matrix(swept: Path, cross: sl.Sweep) -> None:
    words = ("heatmap", cross.sweep_id, "--x", "slow", "--y", "fast", "--metric", "max_drawdown")
    shown, told = terminal(*words, lake=swept, columns=80)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert [line.split()[:1] for line in lines[:3]] == [["median"], ["slow"], ["fast"]]
    assert lines[2].split() == ["fast", "5", "10", "20"]
    assert [line.split()[0] for line in lines[3:]] == ["2", "5", "8"]
    assert [len(line.split()) for line in lines[3:]] == [4, 3, 3]
    assert len(re.findall(r"\x1b\[3\d;48;", shown)) == len(CELLS)
    narrow, _ = terminal(*words, lake=swept, columns=20)
    assert "best_run_id" in narrow
    assert told == ""


def test_the_best_cells_are_the_brightest(capsys: pytest.CaptureFixture[str]) -> None:
    cells = [{"x": x, "y": None, "value": value} for x, value in ((1, 0.5), (2, 0.25), (3, None))]
    assert print_matrix(cells, "x", "y", "title", lowest=True)
    assert capsys.readouterr().out.splitlines()[-1].split() == ["off", "0.50", "0.25", "-"]
    assert not print_matrix([], "x", "y", "title")


@pytest.mark.parametrize("form", ["csv", "parquet", "json"])
def test_a_heatmap_goes_to_a_file(ask: Ask, swept: Path, cross: sl.Sweep, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"cells.{form}"
    words = ("heatmap", cross.sweep_id, "--lake", swept, "--x", "fast", "--y", "slow", "-o", file)
    answer = ask(*words)
    assert (answer.code, answer.out, answer.err) == (0, "", f"7 cells in {file}\n")
    read = {"csv": pd.read_csv, "parquet": lambda path: pq.read_table(path).to_pandas(), "json": pd.read_json}
    assert list(read[form](file)) == ["x", "y", "value", "runs", "best_run_id"]


def test_the_command_offers_every_aggregate() -> None:
    [option] = [option for option in cli.commands["heatmap"].params if option.name == "aggregate"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == AGGREGATES


def test_a_judgement_has_every_part(ask: Ask, swept: Path, cross: sl.Sweep) -> None:
    words = ("judge", cross.sweep_id, "--lake", swept, "-n", 2)
    found = ask(*words, "--json").json
    assert set(found) == {
        "sweep_id",
        "metric",
        "sensitivity",
        "slices",
        "boundary",
        "plateau",
        "plateaus",
        "local_maxima",
        "correlated",
    }
    assert {row["parameter"] for row in found["sensitivity"]} == {"fast", "slow", "stop_loss"}
    assert len(found["slices"]) == 3 + 3 + 2
    assert [len(found[name]) for name in ("plateau", "plateaus", "local_maxima")] == [2, 2, 2]
    assert set(found["plateau"][0]["params"]) == {"fast", "slow", "stop_loss"}
    assert found["plateau"][0]["run_id"] == cross.best(1, cross.metric)["run_id"][0]
    assert found["correlated"]["source"] == "block_sums"
    assert sum(idea["runs"] for idea in found["correlated"]["ideas"]) == 20
    shown = ask(*words)
    assert "What decides composite_score" in shown.out
    assert "The highest plateaus" in shown.out
    assert f"sweeplake show {found['plateau'][0]['run_id']}" in shown.err
    assert len(re.findall("at the edge of the grid", shown.err)) == len(found["boundary"])


def test_a_sweep_without_the_metric_is_not_judged(ask: Ask, swept: Path, cross: sl.Sweep) -> None:
    answer = ask("judge", cross.sweep_id, "--lake", swept, "--where", "sharpe > 1e9")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "no run of role full that was asked for has composite_score\n"


def test_a_diff_tells_inputs_and_moves(ask: Ask, swept: Path, cross: sl.Sweep) -> None:
    words = ("diff", cross.sweep_id, "latest", "--lake", swept)
    found = ask(*words, "--json").json
    assert {row["key"]: row["change"] for row in found["inputs"]}["grid.window"] == "added"
    assert found["runs"] == {"before": 28, "after": 3, "in_both": 0, "only_before": 28, "only_after": 3}
    assert (found["cells"]["common"], found["moves"]) == (0, [])
    assert "What was asked otherwise" in ask(*words).out


def test_what_cannot_be_judged_is_refused(ask: Ask, swept: Path, cross: sl.Sweep) -> None:
    refused(ask("judge", "latets", "--lake", swept), "unknown sweep")
    refused(ask("judge", "latest", "--lake", swept, "--metric", "sharp"), 'did you mean "sharpe"')
    refused(ask("heatmap", cross.sweep_id, "--lake", swept, "--x", "fsat"), 'did you mean "fast"')
    refused(ask("heatmap", "latest", "--lake", swept, "--x", "window", "-o", "cells.txt"), "unknown format")
    refused(ask("diff", "latest", "latest", "--lake", swept), "the same sweep")


def test_a_sweep_answers_in_python(cross: sl.Sweep) -> None:
    cells = cross.heatmap("fast", "slow", aggregate="best", symbol="AAA")
    assert set(zip(cells["x"], cells["y"], strict=True)) == CELLS
    assert list(cross.heatmap("stop_loss", metric="sharpe")["runs"]) == [14, 14]
    assert cross.sensitivity().axes.num_rows == 3
    best = cross.best(2, cross.metric)["run_id"].tolist()
    assert cross.plateau(2)["run_id"].tolist() == best
    assert cross.local_maxima(1)["run_id"].tolist() == best[:1]
    assert len(cross.plateaus(4, where="fast < 8")) == 4
    assert set(cross.boundary(28)["parameter"]) == {"fast", "slow"}
    assert cross.best(1, "sharpe")["run_id"][0] in set(cross.pareto()["run_id"])
    assert cross.correlated(3).source == "equity"
    assert cross.diff("latest").runs["after"] == 3
