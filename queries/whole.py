"""Whole: rows of a small lake's metrics as a table in memory, taken by their keys.

A query that names a hundred columns is bound for longer than it is computed: of what is held, SQL answers
which rows, and they are taken from here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb
import pyarrow as pa

Key = tuple[str, str, str]
"""Sweep, run, role."""
KEY = "metrics.sweep_id, metrics.run_id, metrics.role"


@dataclass(frozen=True)
class Source:
    """What SQL reads as metrics.

    Attributes:
        text: A table or view.
        condition: What its rows must fulfil.
    """

    text: str
    condition: str


VIEW = Source("stored.metrics", "true")


class Whole:
    """The rows of some files that are held; read when they are first asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, body: str, numbers: Sequence[int]) -> None:
        """Note what to read.

        Args:
            connection: The instance.
            body: SELECT of the columns of metrics but the block statistics; it binds `numbers`.
            numbers: Of the files.
        """
        self._connection, self._body, self._numbers = connection, body, numbers

    @property
    def is_keyed(self) -> bool:
        """Whether every key names one row; in a sound lake it does."""
        return bool(len(self._places) == self._rows.num_rows)

    def of(self, keys: Iterable[Key]) -> pa.Table:
        """Return the rows of some keys in their order; the columns of metrics but the block statistics."""
        return self._rows.take(pa.array([self._places[key] for key in keys], pa.int64()))

    @cached_property
    def _rows(self) -> pa.Table:
        rows = self._connection.cursor().sql(self._body, params=[list(self._numbers)]).to_arrow_table()
        return rows.combine_chunks()

    @cached_property
    def _places(self) -> Mapping[Key, int]:
        keys = zip(*(self._rows[name].to_pylist() for name in ("sweep_id", "run_id", "role")), strict=True)
        return {key: place for place, key in enumerate(keys)}
