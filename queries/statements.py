"""Statements: a text of several cut into single ones, by DuckDB's own tokens."""

from dataclasses import dataclass
from itertools import pairwise

import duckdb

from queries.text import utf8

_OPTIONS = frozenset({"analyze", "format"})
"""What EXPLAIN takes in brackets."""


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
    """Return the statement that an EXPLAIN is of, its options left out; else the text."""
    found = [(start, word.lower().strip('"')) for start, kind, word in _spelled(text) if kind != "comment"]
    said = [word for _, word in found]
    if said[:1] != ["explain"]:
        return text
    place = 2 if said[1:2] == ["analyze"] else 1
    if said[place : place + 1] == ["("] and said[place + 1] in _OPTIONS:
        place = said.index(")", place) + 1
    return text.encode()[found[place][0] :].decode()


def unquoted(text: str) -> list[str]:
    """Return the tokens of a text in lower case, quoted names and comments left out."""
    return [
        word.lower() for _, kind, word in _spelled(text) if kind != "comment" and not word.startswith('"')
    ]


def called(text: str) -> list[str]:
    """Return the names before brackets, quotes taken off: functions, and whatever else looks like one."""
    spelled = [word for _, kind, word in _spelled(text) if kind != "comment"]
    return [word.strip('"') for word, after in pairwise(spelled) if after == "("]


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
    return {word.strip('"') for _, kind, word in _spelled(text) if kind in {"identifier", "keyword"}}


def _spelled(text: str) -> list[tuple[int, str, str]]:
    """Return where each token begins, in bytes, its kind, and itself."""
    encoded = text.encode()
    tokens = [*_tokens(text), (len(encoded), "")]
    return [
        (start, kind, encoded[start:end].decode().strip()) for (start, kind), (end, _) in pairwise(tokens)
    ]


def _tokens(text: str) -> list[tuple[int, str]]:
    """Return where each token begins, in bytes, and its kind."""
    return [(offset, kind.name) for offset, kind in duckdb.tokenize(text)]
