"""Excel: sheets as one workbook, as a spreadsheet's user would have set it up."""

import json
import math
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

from queries.errors import DoesNotFitError, MissingPackageError
from queries.sheets import Cells, Sheet
from queries.values import plain, shown

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575
"""Of a sheet, its header apart; this and what follows are Excel's own limits."""
MOST_COLUMNS = 16_384
MOST_LETTERS = 32_767
_EXACT = 2**53
_FIRST_DAY = date(1900, 3, 1)
"""Excel takes 1900 for a leap year: days before are another's."""
_SAMPLE = 200
_WIDEST = 60
_FORMATS = {"percent": "0.00%", "day": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm:ss"}


def write_workbook(sheets: Sequence[Sheet], sink: BinaryIO) -> list[int]:
    """Write sheets as one Excel workbook; memory does not grow with their rows.

    Text is text, whatever it begins with: no formula, link or number is made of it. Fractions show as
    percent, times as dates in UTC; NULL, NaN and infinity are empty, whole numbers and decimals beyond 2^53
    text.

    Args:
        sheets: The sheets, each with a name of its own.
        sink: Where to write; it stays open, and gets nothing if this raises.

    Returns:
        Count of rows by sheet.

    Raises:
        OSError: If the sink does not take it.
        DoesNotFitError: If a sheet has more rows, columns or letters in a cell than Excel takes.
        MissingPackageError: If XlsxWriter is not installed.
    """
    try:
        from xlsxwriter import Workbook  # noqa: PLC0415  an extra: few need it
    except ImportError as error:
        raise MissingPackageError("xlsx", "XlsxWriter", "excel") from error
    with TemporaryDirectory() as folder:  # where rows wait, gone with them whatever happens
        made = Path(folder, "made.xlsx")
        workbook = Workbook(made, {"constant_memory": True, "tmpdir": folder})
        formats = {name: workbook.add_format({"num_format": text}) for name, text in _FORMATS.items()}
        formats["header"] = workbook.add_format({"bold": True, "bottom": 1})
        try:
            counts = [_write(workbook, sheet, formats) for sheet in sheets]
            workbook.close()
        finally:
            for page in workbook.worksheets():
                page.row_data_fh.close()
        with made.open("rb") as whole:  # a sink that fails would leave the zip file open
            shutil.copyfileobj(whole, sink)
    return counts


def _write(workbook: "Workbook", sheet: Sheet, formats: dict[str, "Format"]) -> int:
    if len(sheet.columns) > MOST_COLUMNS:
        raise DoesNotFitError("xlsx", f"{len(sheet.columns):,} columns in one sheet")
    page = workbook.add_worksheet(sheet.name)
    rows = iter(sheet.rows)
    first = list(islice(rows, _SAMPLE))
    for place, name in enumerate(sheet.columns):
        page.set_column(place, place, _width(name, [row[place] for row in first]))
        page.write_string(0, place, name, formats["header"])
    count = 0
    for count, row in enumerate(chain(first, rows), 1):
        if count > MOST_ROWS:
            raise DoesNotFitError("xlsx", f"more than {MOST_ROWS:,} rows in one sheet")
        for place, value in enumerate(row):
            _put(page, (count, place), value, sheet, row, formats)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, count, len(sheet.columns) - 1)
    return count


def _put(
    page: "Worksheet",
    at: tuple[int, int],
    value: Any,
    sheet: Sheet,
    row: Cells,
    formats: dict[str, "Format"],
) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        page.write_boolean(*at, value)
    elif isinstance(value, (int, float, Decimal)) and _is_exact(value):
        is_percent = isinstance(value, float) and sheet.is_fraction(row, at[1])
        if math.isfinite(value):
            page.write_number(*at, value, formats["percent"] if is_percent else None)
    elif isinstance(value, datetime) and value.date() >= _FIRST_DAY:
        utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(*at, utc, formats["time"])
    elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DAY:
        page.write_datetime(*at, value, formats["day"])
    else:
        text = value if isinstance(value, str) else _text(value)
        if len(text) > MOST_LETTERS:
            raise DoesNotFitError("xlsx", f"a text of {len(text):,} letters in {sheet.columns[at[1]]}")
        page.write_string(*at, text)


def _is_exact(value: float | Decimal) -> bool:
    return isinstance(value, float) or abs(value) <= _EXACT


def _text(value: object) -> str:
    return json.dumps(plain(value), default=str) if isinstance(value, (dict, list)) else str(value)


def _width(name: str, values: Sequence[object]) -> int:
    """Return letters that a column gives room to: its name, its filter's button, and its first values."""
    return min(_WIDEST, max([len(name) + 3, *(len(shown(value)) + 1 for value in values)]))
