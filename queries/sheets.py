"""Sheets: named tables of cells, what workbooks and pages are made of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from lake import columns

Cells: TypeAlias = Sequence[object]

_OF_TABLES = (*columns.METRICS, *columns.TRADES, *columns.EQUITY, *columns.DETAILS)
_OF_VIEWS = (
    {"beating", "best_excess_return", "day_return", "depth", "in_sample_cagr", "in_sample_max_drawdown"}
    | {"mean_return", "median_excess_return", "month_return", "period_return", "profitable"}
    | {"return_so_far", "year_return"}
)
FRACTIONS = frozenset(
    {column.name for column in _OF_TABLES if column.unit in ("fraction", "fraction a year")} | _OF_VIEWS
)
"""Columns of tables and views that hold fractions; a test holds them against docs/sql.md."""


@dataclass(frozen=True)
class Sheet:
    """One table.

    Attributes:
        name: What it is called, at most 31 letters, as a workbook allows.
        columns: Names of the columns.
        rows: The cells of each row, in the order of the columns; None is NULL.
        facts: Whether each row is about what its first cell names, e.g. a metric; else each column is.
    """

    name: str
    columns: Sequence[str]
    rows: Iterable[Cells]
    facts: bool = False

    def is_fraction(self, row: Cells, place: int) -> bool:
        """Return whether a cell of a row holds a fraction, by the name of what it is about."""
        return (row[0] if self.facts else self.columns[place]) in FRACTIONS


def table_sheet(name: str, table: pa.Table, *, facts: bool = False) -> Sheet:
    """Return the rows of a table."""
    return Sheet(name, table.column_names, list(cells(table.to_batches())), facts)


def fact_sheet(name: str, facts: Mapping[str, object]) -> Sheet:
    """Return names and values, a row each."""
    return Sheet(name, ("name", "value"), list(facts.items()), facts=True)


def cells(batches: Iterable[pa.RecordBatch]) -> Iterator[Cells]:
    """Yield the cells of each row; columns of one name are all there."""
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
