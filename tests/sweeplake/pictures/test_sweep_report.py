"""A sweep's report: one page that a browser shows without a network, and what the command line writes."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import sweeplake as sl
from lake.lake import open_lake
from sweeplake.cli.heatmap import PICTURES
from sweeplake.cli.plot_sweeps import SWEEP_PICTURES
from sweeplake.pictures.files import FORMS
from tests.queries.conftest import put_sweep
from tests.queries.judgement.grids import SWEEP, frame, stored
from tests.sweeplake.asking import Ask, refused
from tests.sweeplake.browser import opened
from tests.sweeplake.pictures.made import HOSTILE

SWEEP_COMMANDS = [str(command.name) for command in SWEEP_PICTURES]


@pytest.fixture
def cross(swept: Path) -> sl.Sweep:
    lake = sl.open(swept)
    return lake.sweep(lake.sweeps()["sweep_id"].iloc[-1])


@pytest.mark.parametrize("width", [400, 1400])
def test_a_report_is_shown_without_a_network(
    cross: sl.Sweep, chromium: Browser, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "report.html"
    cross.report(file)
    assert file.stat().st_size < 7_000_000
    with opened(chromium, file, width) as seen:
        figures = seen.page.locator("[data-figure]").count()
        assert (seen.complaints, seen.requests) == ([], [file.as_uri()])
        assert (seen.drawn(), seen.overflow()) == (figures, 0)
        text = seen.page.inner_text("body")
    assert figures == 8
    assert "Cross of two averages" in text
    assert cross.best(1, cross.metric)["run_id"][0] in text
    for part in ("Is it luck?", "The best runs", "What the parameters do", "What was run", "firm ground"):
        assert part in text


def test_a_report_of_failures_tells_their_causes(swept: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    sl.open(swept).sweep("latest").report(file)
    page = file.read_text()
    assert "five is right out" in page
    assert "raised" in page


def test_hostile_text_stays_text(chromium: Browser, tmp_path: Path) -> None:
    cells = [("007", fast, fill) for fast in (3, 4, 7) for fill in (HOSTILE, "close")]
    cells += [("Mü", fast, fill) for _, fast, fill in cells]
    metrics = {
        name: [place / 10 for place in range(len(cells))] for name in ("sharpe", "max_drawdown", "cagr")
    }
    rows = frame(cells, metrics, ("fast", "fill"))
    rows.loc[rows["symbol"] == "Mü", "symbol"] = HOSTILE
    file = tmp_path / "report.html"
    with stored(rows, name=HOSTILE, error=HOSTILE) as catalog:
        assert catalog.lake is not None
        with sl.open(catalog.lake.url) as lake:
            lake.sweep(SWEEP).report(file)
    assert "<script>alert" not in file.read_text()
    with opened(chromium, file) as seen:
        assert (seen.complaints, seen.requests) == ([], [file.as_uri()])
        assert seen.page.title() == HOSTILE
        assert HOSTILE in seen.page.inner_text("body")
        assert seen.drawn() == seen.page.locator("[data-figure]").count() > 0


def test_a_sweep_without_runs_has_a_report(tmp_path: Path) -> None:
    lake = open_lake(tmp_path / "lake")
    put_sweep(lake, SWEEP, "cross")
    with sl.open(tmp_path / "lake") as held:
        held.sweep(SWEEP).report(tmp_path / "report.html")
    assert "What was run" in (tmp_path / "report.html").read_text()


def test_what_is_left_out_of_very_many_runs_is_said(
    cross: sl.Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeplake.pictures.sweep_report.MOST_RUNS", 27)
    cross.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert f"Luck of 28 runs are left out here, for time and memory; sweeplake luck {cross.sweep_id}" in page
    assert f"sweeplake judge {cross.sweep_id} tells" in page


def test_the_command_writes_a_report_of_a_sweep(ask: Ask, swept: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    answer = ask("report", "latest", "--lake", swept, "-o", file)
    assert (answer.code, answer.out) == (0, "")
    assert re.fullmatch(rf"report of \S+ in {file}\n", answer.err)
    assert file.read_text().startswith("<!doctype html>")
    refused(ask("report", "latest", "--lake", swept, "-o", "report.pdf"), "unknown picture format")
    refused(ask("report", "nothing", "--lake", swept, "-o", "report.html"), 'unknown run "nothing"')


@pytest.mark.parametrize("name", SWEEP_COMMANDS)
def test_a_picture_of_a_sweep_goes_to_a_page(
    ask: Ask, swept: Path, cross: sl.Sweep, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "picture.html"
    answer = ask("plot", name, cross.sweep_id, "--lake", swept, "-o", file)
    assert (answer.code, answer.out, answer.err) == (0, "", f"{name} of {cross.sweep_id} in {file}\n")
    assert "Content-Security-Policy" in file.read_text()


def test_a_heatmap_is_drawn_by_the_file_s_ending(
    ask: Ask, swept: Path, cross: sl.Sweep, tmp_path: Path
) -> None:
    words = ("heatmap", cross.sweep_id, "--lake", swept, "--x", "fast", "--y", "slow", "-o")
    page, picture = tmp_path / "cells.html", tmp_path / "cells.png"
    assert ask(*words, page).err == f"heatmap of {cross.sweep_id} in {page}\n"
    assert "median of Composite score by fast and slow" in page.read_text()
    assert ask(*words, picture).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert PICTURES == FORMS
    refused(ask(*words, tmp_path / "cells.gif"), 'unknown format "gif"', "csv", "png", "svg", "pdf")


@pytest.mark.parametrize("words", ["plot scatter {} -o a.html", "heatmap {} --x fast", "judge {}"])
def test_a_symbol_that_a_sweep_does_not_have_is_refused(
    ask: Ask, swept: Path, cross: sl.Sweep, words: str
) -> None:
    answer = ask(*words.format(cross.sweep_id).split(), "--symbol", "AAC", "--lake", swept)
    refused(answer, 'unknown symbol "AAC"', 'did you mean "AAA"')
    assert not Path("a.html").exists()
