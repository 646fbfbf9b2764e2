"""Listing: whether a text may tell of views that it does not name. Pure."""

import re

import duckdb

_LISTS = {"show", "describe", "summarize", "information_schema", "query"}
_KINDS_OF_LISTS = ("duckdb_", "pg_", "pragma_", "sqlite_")
_BEFORE = frozenset(b"; ( as all except intersect union name".split())
"""After these `desc` begins a query; after a name, a value or a bracket that closes it is an order's."""
_TOKEN = re.compile(rb"\w+|.", re.DOTALL)
_SPACES = re.compile("[^\\S\r\n]|[\u200b\ufeff]")
"""White space to DuckDB's parser; its tokens know that of ASCII alone."""


def may_list(lower: str, words: set[str]) -> bool:
    """Return whether a text may list what there is.

    Args:
        lower: The text in small letters.
        words: Its words.
    """
    return (
        not words.isdisjoint(_LISTS)
        or any(word.startswith(_KINDS_OF_LISTS) for word in words)
        or ("desc" in words and _begins_with_desc(lower))
    )


def _begins_with_desc(lower: str) -> bool:
    """Return whether `desc` is the start of a query in a text, as DuckDB's own tokens tell it."""
    encoded = _SPACES.sub(" ", lower).encode(errors="replace")
    before = b";"
    for place, kind in duckdb.tokenize(encoded.decode()):
        if kind != duckdb.token_type.comment:
            found = _TOKEN.match(encoded, place)
            token = found[0] if found else b""
            if token == b"desc" and before in _BEFORE:
                return True
            before = token
    return False
