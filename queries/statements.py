"""Statements: a text of several cut into single ones, by DuckDB's own tokens."""

from dataclasses import dataclass
from itertools import pairwise

import duckdb

from queries.text import utf8


@dataclass(frozen=True)
class Statements:
    """A text, cut.

    Attributes:
        whole: The statements that a semicolon ends, each with it and the comments before it.
        rest: What comes after the last of them, as it is.
        is_ended: Whether the rest is blank, but for comments that end.
    """

    whole: tuple[str, ...]
    rest: str
    is_ended: bool


def statements(text: str) -> Statements:
    """Cut a text at the semicolons that end statements.

    Those in texts, quoted names, dollar quotes and comments end none, nor does one after nothing. What is not
    closed goes on to the end.

    Raises:
        RefusedSqlError: If the text is not UTF-8.
    """
    encoded = utf8(text)
    whole, start, is_blank = [], 0, True
    for offset, kind in _tokens(text):
        if kind == "operator" and encoded[offset : offset + 1] == b";":
            if not is_blank:
                whole.append(encoded[start : offset + 1].decode().strip())
            start, is_blank = offset + 1, True
        elif kind != "comment":
            is_blank = False
    rest = encoded[start:].decode()
    return Statements(tuple(whole), rest, is_blank and not is_in_text(rest + "\n"))


def explained(text: str) -> str:
    """Return the statement that an EXPLAIN is of, whatever comments stand before and between."""
    encoded = text.encode()
    _, *starts = [offset for offset, kind in _tokens(text) if kind != "comment"]
    if len(starts) > 1 and encoded[starts[0] :].lower().startswith(b"analyze"):
        del starts[0]
    return encoded[starts[0] :].decode()


def is_in_text(text: str) -> bool:
    """Return whether what is typed next goes on with a text or a comment."""
    tokens = _tokens(text)
    if not tokens:
        return False
    offset, kind = tokens[-1]
    last = text.encode()[offset:].decode()
    if kind == "comment":
        return "\n" not in last if last.startswith("--") else not last.rstrip().endswith("*/")
    return kind == "string_const" and last.startswith("'") and last.count("'") % 2 == 1


def words(text: str) -> set[str]:
    """Return the names in a text, quotes taken off, keywords among them."""
    encoded = text.encode()
    tokens = [*_tokens(text), (len(encoded), "")]
    return {
        encoded[start:end].decode().strip().strip('"')
        for (start, kind), (end, _) in pairwise(tokens)
        if kind in {"identifier", "keyword"}
    }


def _tokens(text: str) -> list[tuple[int, str]]:
    """Return where each token begins, in bytes, and its kind."""
    return [(offset, kind.name) for offset, kind in duckdb.tokenize(text)]
