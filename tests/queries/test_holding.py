"""Names that are there twice and intervals, in every form of files."""

import gc
import json
from io import BytesIO
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from queries.errors import ValueDoesNotFitError
from queries.export import FORMS, export, export_file

NAMES = ["a", "a_1", "a_1_1", "i"]
ROWS = [[1, 2, 3, "4748 days 00:30:00"], [1, 2, 3, None]]


@pytest.fixture
def rows() -> pa.Table:
    """Three columns of two names, and the difference of two times."""
    days = pa.array([pa.MonthDayNano([0, 4748, 1_800_000_000_000]), None], pa.month_day_nano_interval())
    return pa.Table.from_arrays([[1, 1], [2, 2], [3, 3], days], names=["a", "a", "a_1", "i"])


def read(path: Path) -> pa.Table:
    match path.suffix:
        case ".csv":
            return pa.Table.from_pylist(duckdb.read_csv(str(path)).to_arrow_table().to_pylist())
        case ".json":
            return pa.Table.from_pylist(json.loads(path.read_text()))
        case ".xlsx":
            names, *cells = openpyxl.load_workbook(path)["rows"].iter_rows(values_only=True)
            return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in cells])
        case ".parquet":
            return pq.read_table(path)
        case _:
            return pa.ipc.open_stream(path).read_all()


@pytest.mark.parametrize("form", [form for form in FORMS if form != "html"])
def test_every_form_has_all_columns_and_intervals_as_text(rows: pa.Table, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"rows.{form}"
    assert export_file(rows, path) == len(ROWS)
    found = read(path)
    assert found.column_names == NAMES
    assert [list(row.values()) for row in found.to_pylist()] == ROWS


def test_a_page_has_them_too(rows: pa.Table, tmp_path: Path) -> None:
    export_file(rows, tmp_path / "rows.html")
    text = (tmp_path / "rows.html").read_text()
    assert ">a_1_1</th>" in text
    assert "4748 days 00:30:00" in text


def test_sums_and_decimals_are_numbers(tmp_path: Path) -> None:
    query = "select sum(x) as total, 0.25::decimal(4, 2) as part from range(3) as r(x)"
    export_file(duckdb.connect().sql(query).to_arrow_reader(), tmp_path / "rows.json")
    assert json.loads((tmp_path / "rows.json").read_text()) == [{"total": 3, "part": 0.25}]


UNFIT = [
    ("'infinity'::timestamp", ("json", "xlsx", "html")),
    ("make_date(20000, 1, 1)", ("json", "xlsx", "html")),
    ("'0044-03-15 (BC)'::date", ("json", "xlsx", "html")),
    ("[make_date(20000, 1, 1)]", ("csv", "json", "xlsx", "html")),
    (r"'\xAA'::blob", ("csv",)),
    ("'0101'::bit", ("csv",)),
    ("1::bignum", ("csv",)),
    ("[interval 1 day]", ("parquet",)),
    ("{'a': interval 1 day}", ("parquet",)),
    ("union_value(a := 1)", ("parquet",)),
]


@pytest.mark.parametrize(
    ("value", "form"), [(value, form) for value, forms in UNFIT for form in forms], ids=str
)
def test_what_a_form_cannot_hold_is_told_with_a_remedy_that_helps(
    tmp_path: Path, value: str, form: str
) -> None:
    path = tmp_path / f"rows.{form}"
    query = f"select {value} as x"
    with pytest.raises(ValueDoesNotFitError, match=rf"{form} cannot hold .*cast\(x as varchar\)"):
        export_file(duckdb.connect().sql(query).to_arrow_reader(), path)
    assert not list(tmp_path.iterdir())
    text = f"select cast(x as varchar) as x from ({query})"  # noqa: S608
    assert export_file(duckdb.connect().sql(text).to_arrow_reader(), path) == 1


def test_a_page_that_is_cut_short_leaves_its_sink_open() -> None:
    sink = BytesIO()
    with pytest.raises(ValueDoesNotFitError):
        export(duckdb.connect().sql("select 'infinity'::timestamp as x").to_arrow_reader(), "html", sink)
    gc.collect()
    assert not sink.getvalue(), "it is open, too"
