"""Cells: a delimited text file as columns of text, every row with the file's own line number."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from sweeps.bars.errors import Problem
from sweeps.bars.frame import IntArray

HEAD_BYTES = 65_536
HEAD_LINES = 20
DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Cells:
    """A file's text, header rows included.

    Attributes:
        columns: Text of each column, shape (rows,).
        rows: Line number of each row, from 1; blank lines are left out but counted.
        problems: Lines with too many or too few cells.
    """

    columns: tuple[pa.Array, ...]
    rows: IntArray
    problems: tuple[Problem, ...]

    def header(self, row: int) -> list[str]:
        """Return the text of one row."""
        return [str(column[row].as_py()) for column in self.columns]

    def below(self, header_rows: int) -> "Cells":
        """Return the rows below the header."""
        columns = tuple(column[header_rows:] for column in self.columns)
        return Cells(columns, self.rows[header_rows:], self.problems)


def head(path: Path) -> list[list[str]]:
    """Return the cells of the first lines (at most 20), blank ones left out."""
    with pa.input_stream(str(path)) as stream:
        lines = _first_lines(stream.read(HEAD_BYTES))
    mark = delimiter(lines[0]) if lines else ","
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]


def delimiter(line: str) -> str:
    """Return the delimiter that a line uses: the most frequent of comma, semicolon, tab and bar."""
    return max(DELIMITERS, key=line.count)


def read_cells(path: Path, file: str) -> Cells:
    """Read a delimited file, gzip included, as text.

    Args:
        path: The file; UTF-8, with or without byte order mark.
        file: How problems name it.

    Raises:
        pa.ArrowInvalid: If it is empty or cannot be split into cells.
        UnicodeDecodeError: If it is not UTF-8.
    """
    with pa.input_stream(str(path)) as stream:
        data = stream.read()
    data.decode()  # Arrow would fail on the first bad byte without saying where.
    lines = _first_lines(data)
    mark = delimiter(lines[0]) if lines else ","
    width = len(next(csv.reader(lines, delimiter=mark), []))
    names = [str(position) for position in range(width)]
    skipped: list[int] = []
    problems: list[Problem] = []

    def ragged(row: pcsv.InvalidRow) -> str:
        number = int(row.number or 0)
        skipped.append(number)
        reason = f"expected {row.expected_columns} cells, found {row.actual_columns}"
        problems.append(Problem(file, number, "", reason))
        return "skip"

    # Only one thread numbers the rows that it hands to the handler.
    table = pcsv.read_csv(
        pa.BufferReader(data),
        read_options=pcsv.ReadOptions(column_names=names, use_threads=False),
        parse_options=pcsv.ParseOptions(delimiter=mark, invalid_row_handler=ragged, ignore_empty_lines=False),
        convert_options=pcsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    columns = [pc.utf8_trim_whitespace(table.column(name).combine_chunks()) for name in names]
    rows = np.arange(1, table.num_rows + len(skipped) + 1)
    rows = np.delete(rows, np.array(skipped, dtype=np.int64) - 1)
    return _without_blanks(columns, rows, problems)


def _without_blanks(columns: Sequence[pa.Array], rows: IntArray, problems: list[Problem]) -> Cells:
    """Drop rows without any text: blank lines."""
    filled = np.zeros(len(rows), dtype=bool)
    for column in columns:
        filled |= np.asarray(pc.not_equal(column, ""))
    kept = pa.array(filled)
    return Cells(tuple(column.filter(kept) for column in columns), rows[filled], tuple(problems))


def _first_lines(data: bytes) -> list[str]:
    text = data[:HEAD_BYTES].decode("utf-8-sig", errors="replace")
    return [line for line in text.splitlines() if line.strip()][:HEAD_LINES]
