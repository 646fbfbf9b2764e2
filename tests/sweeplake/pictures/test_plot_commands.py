"""`sweeplake plot` and `sweeplake report`."""

from pathlib import Path

import pytest

import sweeplake as sl
from tests.sweeplake.asking import Ask, refused


@pytest.fixture
def stored(swept: Path) -> str:
    """A run with trades and equity."""
    return str(sl.open(swept).sql("select min(run_id) from details").fetchall()[0][0])


@pytest.mark.parametrize("picture", ["equity", "trades", "calendar"])
def test_a_picture_is_drawn_into_a_file(ask: Ask, swept: Path, stored: str, picture: str) -> None:
    answer = ask("plot", picture, stored, "-o", "run.html", "--lake", swept)
    assert (answer.code, answer.out, answer.err) == (0, "", f"{picture} of {stored} in run.html\n")
    assert Path("run.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_picture_is_an_image(ask: Ask, swept: Path, stored: str) -> None:
    assert ask("plot", "equity", stored, "-o", "run.png", "--lake", swept).code == 0
    assert Path("run.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_has_what_the_run_is_known_by(ask: Ask, swept: Path, stored: str) -> None:
    answer = ask("report", stored, "-o", "run.html", "--lake", swept)
    assert (answer.code, answer.out, answer.err) == (0, "", f"report of {stored} in run.html\n")
    text = Path("run.html").read_text(encoding="utf-8")
    run = sl.open(swept).run(stored)
    for part in (
        stored,
        run.document["sweep_id"],
        "Cross of two averages",
        f"sweeplake replay {stored}",
        f"<dd>{run.metrics['sharpe']:.2f}</dd>",
        f"<dd>{run.metrics['total_return']:,.1%}</dd>",
        "Is the best of its sweep on",
    ):
        assert part in text
    assert text.count("<tr>") >= len(run.trades)


def test_a_run_without_details_is_computed_for_its_report(ask: Ask, swept: Path) -> None:
    run_id = sl.open(swept).best(1, strategy="fragile").run_id[0]
    assert ask("report", run_id, "-o", "run.html", "--lake", swept).code == 0


@pytest.mark.parametrize("words", [("plot", "trades"), ("report",)])
def test_what_cannot_be_drawn_is_refused(ask: Ask, swept: Path, stored: str, words: tuple[str, ...]) -> None:
    refused(ask(*words, stored, "--lake", swept), "Missing option '-o' / '--output'")
    refused(ask(*words, stored, "-o", "run.gif", "--lake", swept), "picture format", "html")
    refused(ask(*words, stored[:-1], "-o", "run.html", "--lake", swept), "unknown run")
    refused(ask(*words, stored, "-o", "nowhere/run.html", "--lake", swept), "there is no folder nowhere")
    assert list(Path().iterdir()) == []
