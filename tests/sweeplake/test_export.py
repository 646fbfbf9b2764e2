"""Export: any view or question in any form, and a sweep or a run as a workbook or a page."""

import csv
import io
import json
import shutil
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client

import sweeplake as sl
from lake.lake import open_lake
from queries.errors import UnknownNameError
from sweeplake.sweep import Sweep
from tests.queries.conftest import AGAIN, CROSS, cross_rows, put_runs, put_sweep
from tests.sweeplake.asking import Ask, refused

SHEETS = ["sweep", "quantiles", "best runs", "best per symbol", "leaderboard", "failures", "luck"]

NAMED = '''
from sweeplake import strategy


@strategy
def named(bars, ind, *, exposure: int = 3, depth: float = 0.5):
    """Its parameters are called as a metric and a column of fractions are."""
    return bars.close > ind.sma(exposure)
'''
NAMED_CONFIG = """
name = "Names that are taken"
strategy = "named.py:named"
symbols = ["AAA"]
timeframe = "1d"

[grid]
exposure = [3]
depth = [0.5]
"""


@pytest.fixture
def cross(swept: Path) -> Sweep:
    """The sweep of two averages, which has winners."""
    lake = sl.open(swept)
    return lake.sweep(lake.sweeps().sweep_id[1])


def cells(path: Path, sheet: str) -> list[dict[str, object]]:
    names, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def profits_in(path: Path) -> list[float]:
    match path.suffix:
        case ".csv":
            return [float(row["pnl"]) for row in csv.DictReader(io.StringIO(path.read_text()))]
        case ".json":
            return [row["pnl"] for row in json.loads(path.read_text())]
        case ".xlsx":
            return [float(str(row["pnl"])) for row in cells(path, "rows")]
        case ".parquet":
            return pq.read_table(path)["pnl"].to_pylist()
        case _:
            return pa.ipc.open_stream(path).read_all()["pnl"].to_pylist()


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "json", "xlsx", "html"])
def test_a_view_goes_into_every_form(ask: Ask, swept: Path, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"trades.{form}"
    answer = ask("export", "trades", form, "--lake", swept, "--symbol", "AAA", "-o", path)
    assert (answer.code, answer.out) == (0, "")
    with sl.open(swept) as lake:
        profits = lake.sql("select pnl from trades where symbol = 'AAA'").df().pnl
    assert answer.err == f"{len(profits)} rows in {path}\n"
    if form == "html":
        assert path.read_text().count("<tr>") == len(profits) + 1
    else:
        assert profits_in(path) == pytest.approx(list(profits), rel=1e-14)


def test_the_file_s_name_is_enough(ask: Ask, swept: Path, tmp_path: Path) -> None:
    for question in (
        ["export", "select 1 as one, '=1+1' as text"],
        ["sql", "select 1 as one, '=1+1' as text"],
    ):
        assert ask(*question, "--lake", swept, "-o", "one.xlsx").err == "1 row in one.xlsx\n"
        assert cells(tmp_path / "one.xlsx", "rows") == [{"one": 1, "text": "=1+1"}]


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("best -n 3", 3),
        ("search --strategy sma_cross --limit 0", 28),
        ("lookup --strategy sma_cross --symbol AAA --param fast=5", 4),
        ("leaderboard -n 4", 4),
    ],
)
def test_every_table_of_runs_goes_into_a_file(
    ask: Ask, swept: Path, tmp_path: Path, words: str, rows: int
) -> None:
    for name in ("runs.parquet", "runs.xlsx"):
        answer = ask(*words.split(), "--lake", swept, "-o", name)
        assert (answer.code, answer.out, answer.err) == (0, "", f"{rows} rows in {name}\n")
    assert pl.read_parquet(tmp_path / "runs.parquet").height == rows
    assert len(cells(tmp_path / "runs.xlsx", "rows")) == rows
    refused(ask(*words.split(), "--lake", swept, "-o", "runs.docx"), 'unknown format "docx"')


def test_a_sweep_is_a_workbook_of_what_there_is_to_tell(cross: Sweep, tmp_path: Path) -> None:
    path = tmp_path / "sweep.xlsx"
    cross.to_excel(path)
    assert openpyxl.load_workbook(path).sheetnames == SHEETS
    facts = {row["name"]: row["value"] for row in cells(path, "sweep")}
    assert facts["sweep_id"] == cross.sweep_id
    assert (facts["done"], facts["failed"], facts["config.where"]) == (28, 0, "fast < slow")
    assert facts["config.grid.fast"] == "[2, 5, 8]"
    best = cross.best(100, "composite_score")
    told = cells(path, "best runs")
    assert [row["run_id"] for row in told] == list(best.run_id)
    assert [row["composite_score"] for row in told] == pytest.approx(list(best.composite_score))
    by_symbol = {row["symbol"]: row["run_id"] for row in cells(path, "best per symbol")}
    assert by_symbol == dict(best.groupby("symbol").run_id.first())
    assert [row["mean"] for row in cells(path, "leaderboard")] == pytest.approx(
        list(cross.leaderboard(100, "composite_score")["mean"])
    )
    assert [row["symbol"] for row in cells(path, "luck")] == ["AAA", "BBB", "AAA, BBB"]
    assert {row["metric"]: row["runs"] for row in cells(path, "quantiles")}["sharpe"] == 28
    assert openpyxl.load_workbook(path)["quantiles"]["D2"].number_format == "0.00%"


def test_failures_are_in_the_workbook_of_their_sweep(ask: Ask, swept: Path, tmp_path: Path) -> None:
    answer = ask("export", "latest", "--lake", swept, "-o", "sweep.xlsx")
    assert (answer.code, answer.err) == (0, "7 tables in sweep.xlsx\n")
    [row] = cells(tmp_path / "sweep.xlsx", "failures")
    assert (row["cause"], row["runs"]) == ("raised", 1)
    assert "five is right out" in str(row["error"])


def test_a_run_is_a_workbook_of_its_trades_and_equity(ask: Ask, cross: Sweep, tmp_path: Path) -> None:
    run = cross.lake.run(cross.best(1, "composite_score").run_id[0])
    answer = ask("export", run.run_id, "--lake", cross.lake.url, "-o", "run.xlsx")
    assert (answer.code, answer.err) == (0, "5 tables in run.xlsx\n")
    path = tmp_path / "run.xlsx"
    facts = {row["name"]: row["value"] for row in cells(path, "run")}
    assert facts["run_id"] == run.run_id
    assert facts["sharpe"] == pytest.approx(run.metrics["sharpe"])
    assert sum(row["pnl"] for row in cells(path, "trades")) == pytest.approx(run.trades.pnl.sum())
    assert len(cells(path, "equity")) == len(run.equity) == 200
    assert len(cells(path, "drawdowns")) == len(run.drawdowns())
    first = cells(path, "months")[0]["month"]
    assert f"{first:%Y-%m-%d}" == str(run.monthly_returns().month[0])
    run.to_excel(tmp_path / "again.xlsx")
    assert cells(tmp_path / "again.xlsx", "trades") == cells(path, "trades")


def test_parameters_that_are_called_as_metrics_stay_beside_them(
    bars_lake: Path, client: Client, tmp_path: Path
) -> None:
    shutil.copytree(bars_lake, tmp_path / "lake")
    (tmp_path / "named.py").write_text(NAMED)
    (tmp_path / "named.toml").write_text(NAMED_CONFIG)
    with sl.open(tmp_path / "lake") as lake:
        sl.run(tmp_path / "named.toml", lake=lake, client=client)
        run = lake.run(lake.sweep().best(1).run_id[0])
    run.to_excel(tmp_path / "run.xlsx")
    facts = {row["name"]: row["value"] for row in cells(tmp_path / "run.xlsx", "run")}
    assert (facts["param.exposure"], facts["param.depth"]) == (3, 0.5)
    assert facts["exposure"] == pytest.approx(run.metrics["exposure"])
    assert isinstance(facts["date"], datetime)
    sheet = openpyxl.load_workbook(tmp_path / "run.xlsx")["run"]
    shown = {name.value: value.number_format for name, value in sheet.iter_rows()}
    assert (shown["param.depth"], shown["exposure"]) == ("General", "0.00%")


def test_a_sweep_is_a_page_too(ask: Ask, swept: Path, tmp_path: Path) -> None:
    assert ask("export", "latest", "--lake", swept, "-o", "sweep.html").err == "7 tables in sweep.html\n"
    text = (tmp_path / "sweep.html").read_text("utf-8")
    assert [name for name in SHEETS if f"<h2>{name}</h2>" in text] == SHEETS
    assert "<script" not in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("export latest csv -o a.csv", "write xlsx or html"),
        ("export latest xlsx", "-o FILE"),
        ("export latest --symbol AAA -o a.xlsx", "leave them out"),
        ("export 00000000000000000000000000000000 -o a.xlsx", "unknown run"),
        ("export metrcs -o a.xlsx", 'did you mean "metrics"'),
        ("export metrics", "name a format (csv, parquet, arrow, json, xlsx, html)"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    ask: Ask, swept: Path, tmp_path: Path, words: str, told: str
) -> None:
    refused(ask(*words.split(), "--lake", swept), told)
    assert list(tmp_path.iterdir()) == []


def test_sheets_without_rows_have_their_columns(tmp_path: Path) -> None:
    lake, path = open_lake(tmp_path / "lake"), tmp_path / "sweep.xlsx"
    put_sweep(lake, CROSS, "cross")
    put_runs(lake, "cross", "007", cross_rows(AGAIN, "007", 3, seed=1))
    with sl.open(tmp_path / "lake") as held:
        held.sweep(CROSS).to_excel(path)
    book = openpyxl.load_workbook(path)
    names = {name: [cell.value for cell in book[name][1]] for name in SHEETS[2:5]}
    assert names["best runs"][:4] == ["run_id", "sweep_id", "strategy", "symbol"]
    assert names["best per symbol"] == ["run_id", "strategy", "symbol", "sharpe"]
    assert names["leaderboard"][:5] == ["strategy", "timeframe", "parameter_set", "symbols", "missing"]
    assert not [name for told in names.values() for name in told if name.startswith("param_")]
    assert {book[name].max_row for name in names} == {1}


def test_a_sweep_that_is_not_there_has_no_workbook(swept: Path) -> None:
    with pytest.raises(UnknownNameError):
        sl.open(swept).sweep("none").to_excel("none.xlsx")
