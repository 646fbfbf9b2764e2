"""Statistics: those of a whole are those of its parts together."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lake.statistics import file_statistics, merged_statistics

START = datetime(2020, 1, 1, tzinfo=UTC)
ROWS = st.lists(
    st.tuples(
        st.none() | st.text(max_size=3),
        st.none() | st.floats(),
        st.none() | st.integers(0, 10**12).map(lambda micros: START + timedelta(microseconds=micros)),
    ),
    min_size=1,
    max_size=12,
)


def table(rows: list[tuple[object, ...]]) -> pa.Table:
    kinds = {"text": pa.string(), "number": pa.float64(), "at": pa.timestamp("us", "UTC")}
    columns = {
        name: pa.array(values, kinds[name])
        for name, values in zip(kinds, zip(*rows, strict=True), strict=True)
    }
    return pa.table(columns)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_merged_statistics_are_those_of_all_rows_at_once(parts: list[list[tuple[object, ...]]]) -> None:
    tables = [table(part) for part in parts]
    names = tables[0].column_names
    merged = merged_statistics([file_statistics(part, names) for part in tables])
    assert json.loads(merged) == json.loads(file_statistics(pa.concat_tables(tables), names))
