"""Parsing: DuckDB's own parser as a judge, its syntax tree as JSON."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb

from queries.errors import RefusedSqlError
from queries.text import utf8

Tree = dict[str, Any]


class Parser:
    """A parser in an empty instance of its own: nothing that it is given can be run."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})

    def tree(self, text: str) -> Tree:
        """Return the syntax tree of exactly one SELECT.

        Raises:
            RefusedSqlError: If the text does not parse, or is another or more than one statement.
        """
        document = json.loads(self._scalar("select json_serialize_sql($1)", text))
        if document["error"]:
            raise RefusedSqlError(text, document["error_message"], "write a single SELECT")
        if len(document["statements"]) != 1:
            raise RefusedSqlError(
                text, f"{len(document['statements'])} statements", "write exactly one SELECT"
            )
        return dict(document)

    def text(self, tree: Tree) -> str:
        """Return the SQL of a syntax tree, in DuckDB's own spelling: no comments, every name as it is."""
        return self._scalar("select json_deserialize_sql($1::json)", json.dumps(tree))

    def statements(self, text: str) -> list[str]:
        """Return the kind of each statement, e.g. SELECT or EXPLAIN.

        Raises:
            RefusedSqlError: If the text does not parse, or is not UTF-8.
        """
        utf8(text)
        try:
            found = self._connection.cursor().extract_statements(text)
        except duckdb.Error as error:
            raise RefusedSqlError(text, str(error), "write a single SELECT") from error
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


def nodes(tree: Any) -> Iterator[Tree]:
    """Yield every object of a syntax tree."""
    if isinstance(tree, dict):
        yield tree
        for child in tree.values():
            yield from nodes(child)
    elif isinstance(tree, list):
        for child in tree:
            yield from nodes(child)
