"""Parquet: columns by the same names as in CSV, typed or text."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from sweeps.bars.errors import Problem
from sweeps.bars.sources.columns import canonical, repeated
from sweeps.bars.sources.raw import RawBars

MAGIC = b"PAR1"


def read_parquet(path: Path, file: str) -> RawBars:
    """Read a Parquet file; row numbers count its rows from 1.

    Raises:
        pa.ArrowInvalid: If it is not Parquet.
    """
    table = pq.ParquetFile(path).read()
    headers = tuple(table.column_names)
    columns = {name: table.column(position).combine_chunks() for name, position in canonical(headers).items()}
    twice = tuple(
        Problem(file, None, name, "more than one column has this name; rename or drop one")
        for name in repeated(headers)
    )
    return RawBars(file, columns, np.arange(1, table.num_rows + 1), headers, twice)


def is_parquet(path: Path) -> bool:
    """Return whether the file begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
