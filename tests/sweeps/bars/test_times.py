from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from sweeps.bars.parsing.times import UNREADABLE, parse_times

MICRO = 1_000_000


def instant(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * MICRO


def one(cell: object, tz: str = "UTC") -> int:
    return int(parse_times(pa.array([cell]), tz).micros[0])


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-02",
        "2024/01/02",
        "2024.01.02",
        "20240102",
        "2024-01-02 00:00:00",
        "2024-01-02T00:00:00Z",
        "2024-01-02T00:00:00.000000+00:00",
        "2024-01-01 19:00:00-05:00",
        "2024-01-02 05:30:00+0530",
        "1704153600",
        "1704153600.0",
        "1704153600000",
        "1704153600000000",
        "1704153600000000000",
    ],
)
def test_a_time_is_read_however_it_is_written(text):
    assert one(text) == instant(2024, 1, 2)


@pytest.mark.parametrize(
    "cell",
    [
        1704153600,
        1704153600000,
        1704153600000000,
        1704153600000000000,
        1704153600.0,
        date(2024, 1, 2),
        datetime(2024, 1, 2),  # noqa: DTZ001
        datetime(2024, 1, 2, tzinfo=UTC),
    ],
)
def test_typed_times_and_numbers_are_read_too(cell):
    assert one(cell) == instant(2024, 1, 2)


def test_milliseconds_and_microseconds_stand_in_one_column():
    parsed = parse_times(pa.array(["1704153600123", "1735689600123456"]), "UTC")
    assert parsed.micros.tolist() == [1704153600123000, 1735689600123456]


def test_nanoseconds_are_cut_to_microseconds():
    assert one("1704153600123456789") == 1704153600123456
    assert one("2024-01-02T00:00:00.123456789") == instant(2024, 1, 2) + 123456
    assert one(pa.scalar(1704153600123456789, pa.timestamp("ns"))) == 1704153600123456


def test_times_without_an_offset_are_read_in_the_zone():
    assert one("2024-01-02 09:15", "Asia/Kolkata") == instant(2024, 1, 2, 3, 45)
    assert one("2024-01-02", "America/New_York") == instant(2024, 1, 2, 5)
    assert one("2024-07-02", "America/New_York") == instant(2024, 7, 2, 4)
    assert one(date(2024, 7, 2), "America/New_York") == instant(2024, 7, 2, 4)


def test_an_offset_stands_whatever_the_zone():
    texts = pa.array(["2024-03-08 09:30:00-05:00", "2024-03-11 09:30:00-04:00", "2024-03-12T13:30Z"])
    parsed = parse_times(texts, "Asia/Kolkata")
    assert parsed.micros.tolist() == [
        instant(2024, 3, 8, 14, 30),
        instant(2024, 3, 11, 13, 30),
        instant(2024, 3, 12, 13, 30),
    ]


@pytest.mark.parametrize("text", ["2024-11-03 01:30", "2024-03-10 02:30"])
def test_a_time_that_the_clock_shows_twice_or_never_is_refused(text):
    parsed = parse_times(pa.array(["2024-01-02", text]), "America/New_York")
    assert parsed.micros[1] == UNREADABLE
    assert parsed.reasons == {
        1: f'"{text}" happens twice or never in America/New_York; write its offset from UTC'
    }


@pytest.mark.parametrize("text", ["01/02/2024", "2024-02-30", "soon", "12", "2024-13-01", "nan"])
def test_what_is_no_time_is_refused_with_the_remedy(text):
    parsed = parse_times(pa.array(["2024-01-02", text, "1704153600"]), "UTC")
    assert parsed.micros.tolist() == [instant(2024, 1, 2), UNREADABLE, instant(2024, 1, 2)]
    assert parsed.reasons[1].startswith(f'"{text}" is not a time; write ISO 8601')


@pytest.mark.parametrize("cells", [pa.array(["2024-01-02", ""]), pa.array([1704153600, None])])
def test_an_empty_cell_is_no_time(cells):
    assert parse_times(cells, "UTC").reasons == {1: "no time"}


def test_a_flag_is_no_time():
    assert "a bool is not a time" in parse_times(pa.array([True]), "UTC").reasons[0]
