"""Numbers as people read them."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.values import column, interval, plain, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (float("nan"), "-"),
        (float("inf"), "-"),
        (True, "yes"),
        (7, "7"),
        (9999, "9999"),
        (1234567, "1,234,567"),
        (2.0, "2"),
        (-0.0, "0"),
        (0.123456789, "0.12346"),
        (1e-7, "1e-07"),
        (123456.789, "123,457"),
        (Decimal(12345), "12,345"),
        (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02"),
        (datetime(2024, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), "2024-01-02 01:00:00"),
        (timedelta(days=7), "7 days"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        ({"fast": 5, "stop": None, "k": 0.25}, "fast=5 k=0.25"),
        (["A", "B"], "A, B"),
        ("one\ntwo\t\x1b[0m", r"one\ntwo\t\x1b[0m"),
        ("Müller 日本", "Müller 日本"),
    ],
)
def test_a_value_on_one_line(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1.03887, 0.44, None], ["1.0389", "0.4400", "-"]),
        ([65.64720, 9.487], ["65.647", "9.487"]),
        ([0.5, 0.25], ["0.50", "0.25"]),
        ([3.0, 4.0], ["3", "4"]),
        ([3, 12345], ["3", "12,345"]),
        ([12345.678, -0.5], ["12,346", "-0.5"]),
        ([12.5, 0.00001], ["12.5", "1e-05"]),
        ([-0.0, 0.5], ["0.0", "0.5"]),
        ([float("nan"), 0.5], ["-", "0.5"]),
        ([None, None], ["-", "-"]),
        (["a", 1.5], ["a", "1.5"]),
        ([], []),
    ],
)
def test_a_column_shares_its_decimals(values: list[object], texts: list[str]) -> None:
    assert column(values) == texts


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal(4748), 4748),
        (Decimal("0.25"), 0.25),
        (float("nan"), None),
        (datetime(2024, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), "2024-01-02T01:00:00+00:00"),
        (timedelta(minutes=1), 60.0),
        ((1, float("inf")), [1, None]),
        ({"a": [pa.MonthDayNano([0, 3, 0])]}, {"a": ["3 days"]}),
    ],
)
def test_a_value_as_json_knows_it(value: object, expected: object) -> None:
    found = plain(value)
    assert (found, type(found)) == (expected, type(expected))


@given(
    st.integers(-(10**6), 10**6),
    st.integers(-(10**6), 10**6),
    st.integers(-(10**15), 10**15) | st.just(1_500_000),
)
def test_an_interval_is_written_as_duckdb_does(months: int, days: int, micros: int) -> None:
    query = "select (to_months($1) + to_days($2) + to_microseconds($3))::varchar"
    row = duckdb.execute(query, [months, days, micros]).fetchone()
    assert row == (interval(pa.MonthDayNano([months, days, micros * 1000])),)
