"""Parsing: DuckDB's own parser as a judge, its syntax tree as JSON."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb

from queries.errors import RefusedSqlError
from queries.interruption import heard
from queries.text import utf8

Tree = dict[str, Any]
_TOO_DEEP = "nested too deeply"
_FLATTER = "write a long sum as list_sum([a, b, ...]), and inner parts as tables of a WITH"
_DEPTH = "Max expression depth"
"""DuckDB's words where its own parser gives up."""


class Parser:
    """A parser in an empty instance of its own: nothing that it is given can be run."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})

    def tree(self, text: str) -> Tree:
        """Return the syntax tree of exactly one SELECT.

        Raises:
            RefusedSqlError: If the text does not parse, is nested too deeply, is not UTF-8, or is another
                or more than one statement.
        """
        utf8(text)
        serialized = self._scalar("select json_serialize_sql($1)", text)
        try:
            document = json.loads(serialized)
        except RecursionError as error:
            raise RefusedSqlError(text, _TOO_DEEP, _FLATTER) from error
        if document["error"]:
            raise _unparsed(text, document["error_message"])
        if len(document["statements"]) != 1:
            raise RefusedSqlError(
                text, f"{len(document['statements'])} statements", "write exactly one SELECT"
            )
        return dict(document)

    def text(self, tree: Tree, asked: str) -> str:
        """Return the SQL of a syntax tree, in DuckDB's own spelling: no comments, every name as it is.

        Raises:
            RefusedSqlError: If it is nested too deeply; of what was asked.
        """
        try:
            serialized = json.dumps(tree)
        except RecursionError as error:
            raise RefusedSqlError(asked, _TOO_DEEP, _FLATTER) from error
        return self._scalar("select json_deserialize_sql($1::json)", serialized)

    def statements(self, text: str) -> list[str]:
        """Return the kind of each statement, e.g. SELECT or EXPLAIN.

        Raises:
            RefusedSqlError: If the text does not parse, is nested too deeply, or is not UTF-8.
        """
        utf8(text)
        try:
            with heard():
                found = self._connection.cursor().extract_statements(text)
        except duckdb.Error as error:
            raise _unparsed(text, str(error)) from error
        return [_kind(statement) for statement in found]

    def functions(self) -> list[str]:
        """Return the names of DuckDB's own functions, operators apart."""
        rows = self._connection.cursor().execute(
            "select distinct function_name from duckdb_functions() "
            "where function_name similar to '[a-z][a-z0-9_]*' order by function_name"
        )
        return [name for (name,) in rows.fetchall()]

    def keywords(self) -> dict[str, bool]:
        """Return the words that DuckDB's grammar has, and whether they name a column only in quotes."""
        rows = self._connection.cursor().execute(
            "select keyword_name, keyword_category <> 'unreserved' "
            "from duckdb_keywords() order by keyword_name"
        )
        return dict(rows.fetchall())

    def _scalar(self, query: str, argument: str) -> str:
        with heard():
            row = self._connection.cursor().execute(query, [argument]).fetchone()
        return str(row[0]) if row else ""


@cache
def parser() -> Parser:
    """Return the parser of this process."""
    return Parser()


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # DuckDB has kinds that its Python package has no name for, e.g. UPDATE EXTENSIONS
        return "OTHER"


def _unparsed(text: str, message: str) -> RefusedSqlError:
    if _DEPTH in message:
        return RefusedSqlError(text, _TOO_DEEP, _FLATTER)
    return RefusedSqlError(text, message, "write a single SELECT")


def nodes(tree: Any) -> Iterator[Tree]:
    """Yield every object of a syntax tree, however deep, each before those within it."""
    left = [tree]
    while left:
        held = left.pop()
        if isinstance(held, dict):
            yield held
            held = list(held.values())
        if isinstance(held, list):
            left.extend(reversed(held))
