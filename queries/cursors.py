"""Cursors: connections to one instance that wait for the next question, their variables set."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

Variables = Mapping[str, Sequence[object]]
"""Values of SQL variables by name; none of them is ever changed."""


@dataclass
class _Cursor:
    connection: duckdb.DuckDBPyConnection
    variables: dict[str, Sequence[object]] = field(default_factory=dict)

    def set(self, variables: Variables) -> None:
        """Set those variables that have another value."""
        for name, values in variables.items():
            if self.variables.get(name) != values:  # to compare is cheaper than to set, however long they are
                self.connection.execute(f"set variable {name} = $1", [list(values)])
                self.variables[name] = values


class Cursors:
    """Cursors of one instance; one is for one caller at a time.

    Variables belong to a cursor, and to set them all takes longer than a small question: a cursor that comes
    back waits with its own for the next one.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._idle: deque[_Cursor] = deque()

    def new(self, variables: Variables) -> duckdb.DuckDBPyConnection:
        """Return a cursor for a relation that outlives the call."""
        return self._made(variables).connection

    @contextmanager
    def lent(self, variables: Variables) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a cursor to a caller who has fetched all rows before giving it back."""
        try:
            cursor = self._idle.pop()
        except IndexError:
            cursor = self._made(variables)
        cursor.set(variables)
        yield cursor.connection
        self._idle.append(cursor)  # not after an error: nobody knows what state it is in

    def _made(self, variables: Variables) -> _Cursor:
        cursor = _Cursor(self._connection.cursor())
        cursor.connection.execute("set search_path = 'main,strategies'")
        cursor.set(variables)
        return cursor
