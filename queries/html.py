"""HTML: tables as text that any browser and notebook shows; all that comes from outside is escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import chain, islice
from typing import TextIO

import pyarrow as pa

from queries.sheets import Sheet
from queries.values import DIGITS, column, is_number, shown

MOST_ROWS = 100_000
"""Of a page: browsers become slow, and then stop, not far above."""
SHOWN_ROWS = 10
"""Of a table at the end of a notebook's cell."""
_SAMPLE = 200
"""Rows that tell which columns are numbers."""
# Colours are those of the page around it, and so light or dark; rules are grey on either.
STYLE = """<style>
.sweeplake { font-variant-numeric: tabular-nums; line-height: 1.45; overflow-x: auto; }
.sweeplake table { border-collapse: collapse; margin: .3em 0 .9em; color: inherit; background: none; }
.sweeplake th, .sweeplake td { padding: .15em .8em; border: 0; text-align: left; white-space: nowrap;
  color: inherit; background: none; }
.sweeplake thead th { border-bottom: 1px solid rgba(128, 128, 128, .6); }
.sweeplake tbody tr { border-bottom: 1px solid rgba(128, 128, 128, .2); background: none; }
.sweeplake tbody tr:hover { background: rgba(128, 128, 128, .12); }
.sweeplake .n { text-align: right; }
.sweeplake tbody th { font-weight: normal; opacity: .7; }
.sweeplake .title { font-weight: bold; }
.sweeplake .note { opacity: .7; }
</style>
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
{style}<style>body {{ font: 14px system-ui, sans-serif; margin: 1.5em; }}
.sweeplake thead th {{ position: sticky; top: 0; background: Canvas; }}</style>
</head>
<body class="sweeplake">
"""


def fragment(*parts: str) -> str:
    """Return parts as one piece of HTML, as a notebook shows it."""
    return f'{STYLE}<div class="sweeplake">\n{"".join(parts)}</div>\n'


def title(text: str) -> str:
    """Return a line that names what follows."""
    return f'<div class="title">{escape(text)}</div>\n'


def note(text: str) -> str:
    """Return a line beside the matter."""
    return f'<div class="note">{escape(text)}</div>\n'


def sentence(text: str) -> str:
    """Return a line of text."""
    return f"<div>{escape(text)}</div>\n"


def facts(values: Mapping[str, object]) -> str:
    """Return names and values, one a line; NULLs are left out."""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(shown(value))}</td></tr>\n'
        for name, value in values.items()
        if value is not None
    )
    return f"<table><tbody>\n{lines}</tbody></table>\n"


def table(
    rows: pa.Table | Sequence[Mapping[str, object]],
    columns: Sequence[str] | None = None,
    *,
    most: int = SHOWN_ROWS,
    alike: bool = True,
) -> str:
    """Return the first rows of a table, and how many are not shown.

    Args:
        rows: An Arrow table, or dictionaries; a missing value is NULL.
        columns: The columns, in order; None takes all of the first row.
        most: Rows to show.
        alike: Whether the numbers of a column are of one kind, and so share their decimals.
    """
    count = len(rows)
    first = rows.slice(0, most).to_pylist() if isinstance(rows, pa.Table) else list(rows[:most])
    if columns is None:
        columns = rows.column_names if isinstance(rows, pa.Table) else list(first[0] if first else ())
    texts = []
    for name in columns:
        values = [row.get(name) for row in first]
        texts.append(column(values) if alike else [shown(value, DIGITS) for value in values])
    right = [_are_numbers([row.get(name) for row in first]) for name in columns]
    body = "".join(_line(cells, right) for cells in zip(*texts, strict=True))
    rest = note(f"and {count - most:,} more") if count > most else ""
    return f"<table>{_head(columns, right)}<tbody>\n{body}</tbody></table>\n{rest}"


def write_page(name: str, sheets: Iterable[Sheet], sink: TextIO) -> list[int]:
    """Write sheets as one page that needs nothing else: no script, no other file.

    Args:
        name: The page's title.
        sheets: The tables, each below its name.
        sink: Where to write; it stays open.

    Returns:
        Count of rows by sheet.
    """
    sink.write(_PAGE.format(title=escape(name), style=STYLE))
    counts = [_write(sheet, sink) for sheet in sheets]
    sink.write("</body>\n</html>\n")
    return counts


def _write(sheet: Sheet, sink: TextIO) -> int:
    rows = iter(sheet.rows)
    first = list(islice(rows, _SAMPLE))
    right = [_are_numbers([row[place] for row in first]) for place in range(len(sheet.columns))]
    sink.write(f"<h2>{escape(sheet.name)}</h2>\n<table>{_head(sheet.columns, right)}<tbody>\n")
    count = 0
    for row in chain(first, rows):
        sink.write(_line([shown(value) for value in row], right))
        count += 1
    sink.write("</tbody></table>\n")
    return count


def _are_numbers(values: Sequence[object]) -> bool:
    """Return whether there are values, and all of them are numbers."""
    held = [value for value in values if value is not None]
    return bool(held) and all(is_number(value) for value in held)


def _head(columns: Sequence[str], right: Sequence[bool]) -> str:
    cells = "".join(
        f"<th{_side(side)}>{escape(name)}</th>" for name, side in zip(columns, right, strict=True)
    )
    return f"<thead><tr>{cells}</tr></thead>"


def _line(texts: Sequence[str], right: Sequence[bool]) -> str:
    cells = "".join(f"<td{_side(side)}>{escape(text)}</td>" for text, side in zip(texts, right, strict=True))
    return f"<tr>{cells}</tr>\n"


def _side(right: bool) -> str:  # noqa: FBT001
    return ' class="n"' if right else ""
