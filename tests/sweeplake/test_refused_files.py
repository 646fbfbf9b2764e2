"""Malformed bars: exit 2, every problem with its file, row and column, no lake made, none touched."""

import shutil
from pathlib import Path

import pytest

from lake.schemas import FORMAT
from tests.sweeplake.asking import Ask, refused, tree

HEADER = "time,open,high,low,close,volume"
ROWS = [f"2024-01-{day:02},10,12,9,11,100" for day in range(2, 8)]
CASES = {
    "missing column": ([HEADER.replace("low", "lo"), *ROWS], ["low", "lo"]),
    "no time": ([HEADER.replace("time", "when"), *ROWS], ["time", "when"]),
    "unparsable time": ([HEADER, *ROWS[:2], "yesterday,10,12,9,11,100"], [":4: ", "time", "yesterday"]),
    "duplicate time": ([HEADER, *ROWS[:2], ROWS[1]], [":4: ", "time"]),
    "unsorted times": ([HEADER, ROWS[1], ROWS[0]], [":3: ", "time"]),
    "NaN": ([HEADER, *ROWS[:2], "2024-01-05,10,12,9,NaN,100"], [":4: ", "close"]),
    "empty cell": ([HEADER, *ROWS[:2], "2024-01-05,10,12,9,,100"], [":4: ", "close"]),
    "infinite": ([HEADER, *ROWS[:2], "2024-01-05,10,inf,9,11,100"], [":4: ", "high"]),
    "text for a number": ([HEADER, *ROWS[:2], "2024-01-05,ten,12,9,11,100"], [":4: ", "open", "ten"]),
    "a price of zero": ([HEADER, *ROWS[:2], "2024-01-05,10,12,0,11,100"], [":4: ", "low"]),
    "a negative price": ([HEADER, *ROWS[:2], "2024-01-05,10,12,-9,11,100"], [":4: ", "low"]),
    "high below low": ([HEADER, *ROWS[:2], "2024-01-05,10,8,9,11,100"], [":4: ", "high"]),
    "open outside the range": ([HEADER, *ROWS[:2], "2024-01-05,13,12,9,11,100"], [":4: ", "open"]),
    "close outside the range": ([HEADER, *ROWS[:2], "2024-01-05,10,12,9,8,100"], [":4: ", "close"]),
    "negative volume": ([HEADER, *ROWS[:2], "2024-01-05,10,12,9,11,-1"], [":4: ", "volume"]),
    "nothing": ([], []),
    "no rows": ([HEADER], []),
}


@pytest.mark.parametrize("case", CASES)
def test_a_malformed_file_is_refused_whole(ask: Ask, bars_lake: Path, tmp_path: Path, case: str) -> None:
    lines, parts = CASES[case]
    (tmp_path / "good.csv").write_text("\n".join([HEADER, *ROWS]))
    (tmp_path / "bad.csv").write_text("\n".join(lines))
    before = tree(bars_lake)
    for lake in (tmp_path / "absent", bars_lake):
        words = ("good.csv", "bad.csv", "--timeframe", "1d", "--lake", lake)
        refused(ask("ingest", *words), "bad.csv", *parts, "nothing was written")
    assert tree(bars_lake) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "good.csv"]


def test_every_problem_of_every_file_is_told(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(f"{HEADER}\nx,10,12,9,11,100\n2024-01-05,10,8,9,11,100")
    (tmp_path / "two.csv").write_text("\n".join([HEADER, *ROWS[:2], "2024-01-05,0,12,9,11,100"]))
    answer = ask("ingest", "one.csv", "two.csv", "--timeframe", "1d", "--lake", "absent")
    refused(answer, "one.csv:2: ", "one.csv:3: ", "two.csv:4: ")


def test_a_file_that_is_not_there_is_refused(ask: Ask, tmp_path: Path) -> None:
    refused(ask("ingest", "none.csv", "--lake", "absent"), "none.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--source", "cvs"], ["cvs", 'did you mean "csv"?']),
        (["--tz", "Mars/Olympus"], ["Mars/Olympus"]),
        (["--timeframe", "daily"], ["daily"]),
        (["--resample", "1h"], ["1d", "1h"]),
    ],
)
def test_a_wrong_option_is_refused(ask: Ask, tmp_path: Path, words: list[str], parts: list[str]) -> None:
    (tmp_path / "AAA.csv").write_text("\n".join([HEADER, *ROWS]))
    refused(ask("ingest", "AAA.csv", *words, "--lake", "absent"), *parts)
    assert [path.name for path in tmp_path.iterdir()] == ["AAA.csv"]


def test_no_file_at_all_is_refused(ask: Ask, tmp_path: Path) -> None:
    refused(ask("ingest"), "FILE", "--source demo")
    assert not list(tmp_path.iterdir())


def test_a_lake_that_cannot_be_written_is_refused(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "AAA.csv").write_text("\n".join([HEADER, *ROWS]))
    (tmp_path / "file").write_text("no folder")
    answer = ask("ingest", "AAA.csv", "--lake", "file/lake")
    refused(answer, "cannot write", "file/lake", "--lake")
    assert (tmp_path / "file").read_text() == "no folder"


def test_a_lake_with_a_folder_that_cannot_be_written_is_refused(
    ask: Ask, bars_lake: Path, tmp_path: Path
) -> None:
    shutil.copytree(bars_lake, tmp_path / "lake")
    (tmp_path / "lake" / "bars" / "symbol=CCC").write_text("no folder")
    (tmp_path / "CCC.csv").write_text("\n".join([HEADER, *ROWS]))
    before = tree(tmp_path / "lake")
    refused(ask("ingest", "CCC.csv", "--lake", "lake"), "symbol=CCC", "give another place")
    assert tree(tmp_path / "lake") == before


@pytest.mark.parametrize("url", ["nowhere://bucket/lake", "file/lake"])
def test_a_sweep_into_a_place_that_is_no_lake_is_refused(
    ask: Ask, files: Path, tmp_path: Path, url: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    refused(ask("run", files / "cross.toml", "--lake", url), url, "--lake" if url == "file/lake" else "s3://")


def test_a_lake_of_another_format_is_refused(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "_lake.json").write_text('{"format": 99}')
    refused(ask("status", "--lake", "lake"), "format 99", f"format {FORMAT}", "--lake")
