"""Workbooks and pages: read back by another library, hostile text is text, whole or not at all."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries import excel, html
from queries.errors import BadValueError, DoesNotFitError, MissingPackageError, UnknownNameError
from queries.export import export, export_file, export_sheets
from queries.sheets import FRACTIONS, Sheet, fact_sheet, table_sheet
from tests.contracts.source import ROOT

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@sum(a1)",
    "=cmd|' /C calc'!A0",
    "https://a.b",
    "<script>alert(1)</script>",
    "007",
]
TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def workbook(rows: pa.Table) -> openpyxl.Workbook:
    sink = io.BytesIO()
    assert export(rows, "xlsx", sink) == rows.num_rows
    sink.seek(0)
    return openpyxl.load_workbook(sink)


def column(rows: pa.Table, name: str = "a") -> list[Any]:
    page = workbook(rows).active
    assert page is not None
    cells = next(held for held in page.iter_cols() if held[0].value == name)
    return [cell.value for cell in cells[1:]]


def test_text_that_could_be_a_formula_stays_text() -> None:
    page = workbook(pa.table({"a": HOSTILE, "=b": HOSTILE})).active
    assert page is not None
    for cells in page.iter_rows(min_row=2):
        assert [cell.data_type for cell in cells] == ["s", "s"]
        assert all(cell.hyperlink is None for cell in cells)
    assert [cell.value for cell in page["A"]][1:] == HOSTILE
    assert page["B1"].value == "=b"


def test_values_are_of_their_kind() -> None:
    rows = {
        "time": pa.array([TIME.astimezone(timezone(timedelta(hours=9)))], pa.timestamp("us", "Asia/Tokyo")),
        "day": [date(2026, 1, 2)],
        "long_ago": [date(1899, 12, 31)],
        "flag": [True],
        "sharpe": [1.5],
        "total_return": [0.125],
        "num_trades": [7],
        "huge": [2**60],
        "sum": [Decimal(12)],
        "huge_sum": [Decimal(2**53 + 1)],
        "nan": [float("nan")],
        "infinite": [float("inf")],
        "null": pa.nulls(1, pa.float64()),
        "list": [[1.0, None]],
        "run_id": ["00000000000000010000000000000002"],
    }
    page = workbook(pa.table(rows)).active
    assert page is not None
    found = {head.value: cell for head, cell in zip(page[1], page[2], strict=True)}
    assert {name: cell.value for name, cell in found.items()} == {
        "time": datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001  a workbook knows no zones: UTC
        "day": datetime(2026, 1, 2),  # noqa: DTZ001
        "long_ago": "1899-12-31",
        "flag": True,
        "sharpe": 1.5,
        "total_return": 0.125,
        "num_trades": 7,
        "huge": str(2**60),
        "sum": 12,
        "huge_sum": str(2**53 + 1),
        "nan": None,
        "infinite": None,
        "null": None,
        "list": "[1.0, null]",
        "run_id": "00000000000000010000000000000002",
    }
    assert found["time"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert found["day"].number_format == "yyyy-mm-dd"
    assert found["total_return"].number_format == "0.00%"
    assert found["sharpe"].number_format == found["num_trades"].number_format == "General"


def test_a_sheet_is_set_up_for_reading() -> None:
    page = workbook(pa.table({"a": ["x" * 30, "y"], "b": [1, 2]})).active
    assert page is not None
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:B3"
    assert page["A1"].font.bold
    assert page.column_dimensions["A"].width > 30 > page.column_dimensions["B"].width


def test_facts_take_the_unit_of_what_they_are_about(tmp_path: Path) -> None:
    sheet = fact_sheet("run", {"max_drawdown": 0.25, "sharpe": 0.5, "symbol": "=A", "fast": None})
    assert export_sheets([sheet, table_sheet("other", pa.table({"depth": [0.1]}))], tmp_path / "a.xlsx") == 2
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["run", "other"]
    assert [(row[0].value, row[1].value, row[1].number_format) for row in book["run"].iter_rows()][1:] == [
        ("max_drawdown", 0.25, "0.00%"),
        ("sharpe", 0.5, "General"),
        ("symbol", "=A", "General"),
        ("fast", None, "General"),
    ]
    assert book["other"]["A2"].number_format == "0.00%"


def test_no_rows_are_a_header() -> None:
    empty = pa.table({"a": pa.array([], pa.int64())})
    assert column(empty) == []
    sink = io.BytesIO()
    assert export(empty, "html", sink) == 0
    assert b"<th>a</th>" in sink.getvalue()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), max_size=5))
def test_any_text_comes_back(texts: list[str]) -> None:
    assert column(pa.table({"a": pa.array(texts, pa.string())})) == texts


@given(st.lists(st.none() | st.integers(-(2**53), 2**53) | st.booleans(), max_size=5))
def test_whole_numbers_come_back(numbers: list[int | None]) -> None:
    sink = io.BytesIO()
    excel.write_workbook([Sheet("a", ["a"], [(number,) for number in numbers])], sink)
    sink.seek(0)
    page = openpyxl.load_workbook(sink).active
    assert page is not None
    found = [page.cell(row, 1).value for row in range(2, len(numbers) + 2)]
    assert found == numbers


def counted(batches: int, read: list[int]) -> pa.RecordBatchReader:
    """A stream of batches of 100,000 rows that tells which were read."""
    schema = pa.schema([("n", pa.int64())])

    def rows() -> Iterator[pa.RecordBatch]:
        for number in range(batches):
            read.append(number)
            yield pa.record_batch([pa.array(range(100_000))], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, rows())


@pytest.mark.parametrize(("form", "fits"), [("xlsx", 10), ("html", 1)])
def test_too_many_rows_are_refused_before_the_first_is_written(tmp_path: Path, form: str, fits: int) -> None:
    path, read, sink = tmp_path / f"a.{form}", [], io.BytesIO()
    path.write_text("as it was")
    with pytest.raises(DoesNotFitError, match=r"more than .* rows; write csv or parquet"):
        export_file(counted(50, read), path)
    assert read == list(range(fits + 1)), "no more is read than tells it"
    assert path.read_text() == "as it was"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    with pytest.raises(DoesNotFitError):
        export(counted(50, []), form, sink)
    assert sink.getvalue() == b""


def test_what_a_cell_cannot_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = tmp_path / "a.xlsx"
    with pytest.raises(DoesNotFitError, match="a text of 32,768 letters in config"):
        export_file(pa.table({"config": ["a", "b" * 32_768]}), path)
    with pytest.raises(DoesNotFitError, match="16,385 columns"):
        export_file(pa.table({f"c{place}": [1] for place in range(16_385)}), path)
    assert [item.name for item in tmp_path.rglob("*")] == ["temporary"]
    assert export_file(pa.table({"config": ["b" * 32_767]}), path) == 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'sweeplake\[excel\]'"):
        export(pa.table({"a": [1]}), "xlsx", io.BytesIO())


def test_several_tables_need_a_form_for_them(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="there is: xlsx, html"):
        export_sheets([], tmp_path / "a.csv")
    with pytest.raises(BadValueError, match="No such file"):
        export_sheets([fact_sheet("a", {"b": 1})], tmp_path / "none" / "a.xlsx")


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self._is_cell = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002
        self.tags.append(tag)
        self._is_cell = tag in {"td", "th"}

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._is_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.texts.append(data)


def test_a_page_holds_hostile_text_as_text_and_needs_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "<b>.html"
    assert export_file(pa.table({"<i>a</i>": HOSTILE, "n": list(range(8))}), path) == 8
    page = _Cells()
    page.feed(path.read_text("utf-8"))
    cells = [cell for n, text in enumerate(HOSTILE) for cell in (text, str(n))]
    assert page.texts == ["<i>a</i>", "n", *cells]
    assert {"script", "link", "img", "b", "i"}.isdisjoint(page.tags)
    assert "src=" not in path.read_text("utf-8")


def test_a_fragment_tells_of_the_rows_that_are_not_shown() -> None:
    rows = pa.table({"name": ["<b>", None, "c"], "value": [1.5, 2.0, 3.25]})
    text = html.table(rows, most=2)
    assert '<td>&lt;b&gt;</td><td class="n">1.5</td>' in text
    assert '<td>-</td><td class="n">2.0</td>' in text
    assert "and 1 more" in text
    assert "and" not in html.table(rows)
    assert html.table(rows.slice(0, 0)).count("<tr>") == 1
    assert html.table([]).count("<td") == 0


def test_the_fractions_are_those_of_the_manual() -> None:
    manual = (ROOT / "docs" / "sql.md").read_text("utf-8")
    told = set()
    for line in manual.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) > 3 and parts[2] in {"fraction", "fraction a year"}:
            told.add(parts[1].strip("`"))
    assert told - FRACTIONS <= {"block_sums", "bar_std", "bar_return", "bar_mean"}
    assert told >= FRACTIONS
