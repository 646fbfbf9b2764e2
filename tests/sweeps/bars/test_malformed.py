"""Every kind of malformed file, with the exact words that its owner reads."""

import pytest

from lake.lake import Lake
from sweeps.bars.errors import BarsInvalidError
from sweeps.bars.ingest import ingest_files

GOOD = "2024-01-04,10,11,9,10.5,4"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({4: "2024-01-04,ten,11,9,10.5,4"}, ['AAPL.csv:4: open: "ten" is not a number']),
        (
            {4: "someday,10,11,9,10.5,4"},
            [
                (
                    'AAPL.csv:4: time: "someday" is not a time; '
                    "write ISO 8601 (2024-01-31, 2024-01-31T09:30:00Z) or an epoch"
                )
            ],
        ),
        ({4: ",10,11,9,10.5,4"}, ["AAPL.csv:4: time: no time"]),
        ({4: "2024-01-03,10,11,9,10.5,4"}, ["AAPL.csv:4: time: the same time as row 3"]),
        (
            {4: "2024-01-01,10,11,9,10.5,4"},
            ["AAPL.csv:4: time: is before the time of row 3; sort the file by time, oldest first"],
        ),
        ({4: "2024-01-04,,11,9,10.5,4"}, ["AAPL.csv:4: open: no value (NaN)"]),
        ({4: "2024-01-04,10,11,9,NaN,4"}, ["AAPL.csv:4: close: no value (NaN)"]),
        ({4: "2024-01-04,10,11,9,10.5,"}, ["AAPL.csv:4: volume: no value (NaN)"]),
        ({4: "2024-01-04,10,inf,9,10.5,4"}, ["AAPL.csv:4: high: is infinite"]),
        ({4: "2024-01-04,10,11,0,10.5,4"}, ["AAPL.csv:4: low: 0 is not above 0"]),
        ({4: "2024-01-04,10,11,-9,10.5,4"}, ["AAPL.csv:4: low: -9 is not above 0"]),
        ({4: "2024-01-04,10,9,11,10.5,4"}, ["AAPL.csv:4: high: 9 is below the low 11"]),
        ({4: "2024-01-04,12,11,9,10.5,4"}, ["AAPL.csv:4: open: 12 is outside low 9 to high 11"]),
        ({4: "2024-01-04,10,11,9,8.5,4"}, ["AAPL.csv:4: close: 8.5 is outside low 9 to high 11"]),
        ({4: "2024-01-04,10,11,9,10.5,-4"}, ["AAPL.csv:4: volume: -4 is negative"]),
        ({4: "2024-01-04,10,11,9,10.5"}, ["AAPL.csv:4: expected 6 cells, found 5"]),
        ({4: "2024-01-04,10,11,9,10.5,4,4"}, ["AAPL.csv:4: expected 6 cells, found 7"]),
        (
            {1: "date,open,high,low,price,volume"},
            ["AAPL.csv: close: there is no such column; found: date, open, high, low, price, volume"],
        ),
        (
            {1: "day,open,high,low,close,volume"},
            ["AAPL.csv: time: there is no such column; found: day, open, high, low, close, volume"],
        ),
        (
            {1: "date,open,high,low,close,Close"},
            [
                "AAPL.csv: volume: there is no such column; found: date, open, high, low, close, Close",
                "AAPL.csv:1: close: more than one column has this name; rename or drop one",
            ],
        ),
        (
            {4: "2024-01-04,1,1,1,1,x", 5: "2024-01-05,1,1,1,1,-1", 7: "2024-01-06,1,1,0,1,1"},
            [
                'AAPL.csv:4: volume: "x" is not a number',
                "AAPL.csv:5: volume: -1 is negative",
                "AAPL.csv:7: low: 0 is not above 0",
                "AAPL.csv:7: time: the same time as row 6",
            ],
        ),
        ({3: "", 4: "", 5: "2024-01-05,x,11,9,10.5,4"}, ['AAPL.csv:5: open: "x" is not a number']),
    ],
)
def test_a_malformed_row_is_named_and_nothing_is_written(lake: Lake, days, tmp_path, rows, expected):
    good = days(name="IBM.csv")
    bad = days(rows)
    with pytest.raises(BarsInvalidError) as caught:
        ingest_files(lake, [good, bad])
    shown = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert shown == expected
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("date,open,high,low,close,volume\n", "there are no bars in it"),
        (
            "2024-01-02,1,1,1,1,1\n2024-01-03,1,1,1,1,1\n",
            "time: there is no such column; found: 2024-01-02, 1, 1, 1, 1, 1",
        ),
        (
            "date,open,high,low,close,volume\n2024-01-02,1,1,1,1,1\n",
            "time: cannot tell the timeframe of AAPL from 1 bars; give it with --timeframe",
        ),
    ],
)
def test_a_file_without_bars_is_refused(lake: Lake, write, tmp_path, text, expected):
    with pytest.raises(BarsInvalidError) as caught:
        ingest_files(lake, [write(text)])
    assert str(caught.value.problems[0]) == f"{tmp_path}/AAPL.csv: {expected}"
    assert not (tmp_path / "lake").exists()


def test_a_file_that_is_not_there_and_a_folder_are_refused(lake: Lake, tmp_path):
    with pytest.raises(BarsInvalidError) as caught:
        ingest_files(lake, [tmp_path / "none.csv", tmp_path])
    assert [problem.reason for problem in caught.value.problems] == [
        "no such file",
        "is a folder; name its files",
    ]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01,\x80\n\x81", b"PAR1 but not really", bytes(range(256)) * 9]
)
def test_a_file_that_is_no_text_is_refused(lake: Lake, tmp_path, content):
    path = tmp_path / "AAPL.csv"
    path.write_bytes(content)
    with pytest.raises(BarsInvalidError):
        ingest_files(lake, [path])
    assert not (tmp_path / "lake").exists()


def test_text_in_another_encoding_is_refused_by_line(lake: Lake, write):
    path = write("date,open,high,low,close,volume,note\n2024-01-02,1,1,1,1,1,é\n", encoding="latin-1")
    with pytest.raises(BarsInvalidError, match=r"AAPL.csv:2: not UTF-8 text; save it as CSV in UTF-8"):
        ingest_files(lake, [path])


def test_line_numbers_hold_in_a_file_of_many_blocks(write, read):
    rows = [f"{1_700_000_000 + 60 * at},1.25,1.25,1.25,1.25,1000" for at in range(120_000)]
    rows[99_998], rows[50_000], rows[70_000] = "1,2", "", "x,1,1,1,1,1"
    found = read(write("time,o,h,l,c,v\n" + "\n".join(rows) + "\n")).problems
    assert [(problem.row, problem.column) for problem in found] == [(70_002, "time"), (100_000, "")]


def test_a_missing_gzip_trailer_is_a_problem_and_not_a_crash(lake: Lake, tmp_path):
    path = tmp_path / "AAPL.csv.gz"
    path.write_bytes(b"\x1f\x8b\x08\x00not gzip at all")
    with pytest.raises(BarsInvalidError, match="cannot be read"):
        ingest_files(lake, [path])


def test_of_many_problems_twenty_are_shown_and_all_are_kept(lake: Lake, write):
    rows = "\n".join(f"2024-01-{day:02},x,y,1,1,1" for day in range(1, 31))
    with pytest.raises(BarsInvalidError) as caught:
        ingest_files(lake, [write(f"date,open,high,low,close,volume\n{rows}\n")])
    assert len(caught.value.problems) == 60
    lines = str(caught.value).splitlines()
    assert lines[0].endswith('AAPL.csv:2: open: "x" is not a number')
    assert lines[-2:] == ["... and 40 more", "nothing was written; correct the file and ingest it again"]


def test_a_further_column_is_held_to_be_numbers(days, read):
    rows = {1: "date,open,high,low,close,volume,oi"} | {
        line: f"2024-01-0{line},10,11,9,10.5,4,{value}"
        for line, value in enumerate((1, 2, "x", "inf", "", 3), 2)
    }
    shown = [str(problem).split("/")[-1] for problem in read(days(rows)).problems]
    assert shown == ['AAPL.csv:4: oi: "x" is not a number', "AAPL.csv:5: oi: is infinite"]


def test_prices_may_be_outside_the_range_by_a_rounding(days, read):
    assert read(days({4: "2024-01-04,11.000000001,11,9,8.9999999995,4"})).problems == ()


def test_a_timeframe_that_bars_overlap_in_is_refused(days, read):
    problem = str(read(days(), timeframe="1w").problems[0])
    assert "bars of AAPL usually follow after 1d, sooner than their timeframe 1w" in problem


def test_newest_first_is_told_row_by_row_and_quickly(write, read):
    rows = "\n".join(f"{1_700_000_000 - 60 * at},1,1,1,1,1" for at in range(50_000))
    problems = read(write(f"time,o,h,l,c,v\n{rows}\n")).problems
    assert len(problems) == 49_999
    assert problems[0].reason == "is before the time of row 2; sort the file by time, oldest first"
