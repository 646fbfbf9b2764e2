"""Names: what a query over the catalog's views can be made of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import pyarrow as pa

from queries.parse import parser
from queries.statements import is_in_text, words
from queries.text import quoted

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_TYPED = re.compile(r"(?:(?P<owner>\w+)\.)?(?P<word>\w*)$")
_TABLE_NEXT = re.compile(r"\b(?:from|join|describe|summarize)\s+\w*$", re.IGNORECASE)


class Asked(Protocol):
    """Whatever answers queries over the views."""

    def arrow(self, text: str) -> pa.Table:
        """Return the rows of a query."""
        ...


@dataclass(frozen=True)
class Name:
    """A name that can be typed.

    Attributes:
        text: As SQL writes it.
        kind: view, macro, column, function or keyword.
        detail: Of a column its type, of a macro its parameters, of a view how many columns it has.
    """

    text: str
    kind: str
    detail: str = ""


@dataclass(frozen=True)
class Names:
    """All names of a snapshot, and DuckDB's own.

    Attributes:
        views: Views in order of their names.
        columns: Columns of each view, in order.
        macros: Table macros.
        functions: Functions, DuckDB's and scalar macros.
        keywords: DuckDB's keywords.
    """

    views: Sequence[Name]
    columns: Mapping[str, Sequence[Name]]
    macros: Sequence[Name]
    functions: Sequence[Name]
    keywords: Sequence[Name]

    def after(self, text: str, rest: str = "") -> tuple[str, list[Name]]:
        """Return the word that a text ends with, and the names that go on with it, the likeliest first.

        Columns of the views that the statement names come before all others, views where one must follow.
        Nothing goes on with a text, a comment, or a blank that may be followed by anything.

        Args:
            text: The statement up to where it is typed.
            rest: What follows there.
        """
        found = _TYPED.search(text)
        owner, word = (found["owner"], found["word"]) if found else (None, "")
        is_table = _TABLE_NEXT.search(text) is not None
        if is_in_text(text) or not (word or owner or is_table):
            return word, []
        named = [view for view in sorted(self.columns) if view in words(text + rest)]
        if owner is not None:
            views = [owner] if owner in self.columns else named
            return word, _starting(word, [self.columns[view] for view in views])
        if is_table:
            return word, _starting(word, [self.views, self.macros])
        near = [self.columns[view] for view in named]
        tables = [self.views, self.macros]
        others = [held for view, held in self.columns.items() if view not in named]
        return word, _starting(word, [*near, self.keywords, *tables, self.functions, *others])


def names(catalog: Asked) -> Names:
    """Return the names that a catalog's queries can be made of."""
    keywords = parser().keywords()

    def written(name: str) -> str:
        return name if _PLAIN.fullmatch(name) and not keywords.get(name) else quoted(name)

    columns: dict[str, list[Name]] = {}
    for row in catalog.arrow(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name in ('main', 'strategies') and not internal "
        "order by table_name, column_index"
    ).to_pylist():
        held = columns.setdefault(row["table_name"], [])
        held.append(Name(written(row["column_name"]), "column", row["data_type"].lower()))
    macros = catalog.arrow(
        "select function_name, parameters from duckdb_functions() "
        "where function_type = 'table_macro' and not internal order by function_name"
    ).to_pylist()
    return Names(
        [Name(written(view), "view", f"{len(held)} columns") for view, held in columns.items()],
        columns,
        [Name(row["function_name"], "macro", ", ".join(row["parameters"])) for row in macros],
        [Name(text, "function") for text in parser().functions()],
        [Name(text, "keyword") for text in keywords],
    )


def _starting(word: str, groups: Sequence[Sequence[Name]]) -> list[Name]:
    """Return names that begin with a word, in whatever case, each once."""
    found: dict[str, Name] = {}
    for name in chain.from_iterable(groups):
        if name.text.strip('"').lower().startswith(word.lower()):
            found.setdefault(name.text, name)
    return list(found.values())
