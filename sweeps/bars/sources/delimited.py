"""Generic CSV: one header row, one bar a line, names as people write them."""

import re
from pathlib import Path

import pyarrow.compute as pc

from sweeps.bars.errors import Problem
from sweeps.bars.sources.cells import read_cells
from sweeps.bars.sources.columns import canonical, plain, repeated
from sweeps.bars.sources.raw import RawBars

_CLOCK = r"^\d{1,2}:\d{2}"


def read_csv(path: Path, file: str) -> RawBars:
    """Read a CSV with a header row.

    Columns are found by usual names in any case (date, datetime, time, timestamp, open_time; o, h, l, c, v;
    adj close; symbol, ticker). A date and a time of day in two columns are joined. A column whose header is
    empty (an index that pandas wrote) is the time if nothing else is.
    """
    cells = read_cells(path, file)
    if not len(cells.rows):
        return RawBars.unreadable(file, "the file is empty")
    headers = cells.header(0)
    positions = canonical(headers)
    body = cells.below(1)
    columns = {name: body.columns[position] for name, position in positions.items()}
    names = [plain(header) for header in headers]
    if "date" in names and "time" in names:
        clock = body.columns[names.index("time")]
        if len(clock) and re.match(_CLOCK, str(clock[0].as_py())):
            date = body.columns[names.index("date")]
            columns["time"] = pc.binary_join_element_wise(date, clock, " ")
    twice = tuple(
        Problem(file, int(cells.rows[0]), name, "more than one column has this name; rename or drop one")
        for name in repeated(headers)
    )
    return RawBars(file, columns, body.rows, tuple(headers), (*cells.problems, *twice))
