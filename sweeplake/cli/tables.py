"""Tables: ruled on a terminal and cut to its width, aligned text for the next program in a pipe."""

import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from queries.values import DIGITS, column, is_number, shown

Row = Mapping[str, Any]
_GAP = 2
_RULED_GAP = 3
_LEAST_TEXT = 20
_MOST_WORD = 32


@dataclass(frozen=True)
class _Column:
    """One column as text, its header first."""

    name: str
    texts: tuple[str, ...]
    right: bool

    @cached_property
    def width(self) -> int:
        """Cells that its widest text takes."""
        return max(_width(text) for text in (self.name, *self.texts))

    @cached_property
    def least(self) -> int:
        """Width below which it cannot be folded: numbers, ids and words stay whole."""
        if self.right or self.name.endswith("_id"):
            return self.width
        word = max((_width(word) for text in (self.name, *self.texts) for word in text.split()), default=0)
        return min(self.width, max(_LEAST_TEXT, min(word, _MOST_WORD)))

    def padded(self) -> list[str]:
        """Return header and cells, all of one width."""
        return [_pad(text, self.width, right=self.right) for text in (self.name, *self.texts)]


def print_table(
    rows: Sequence[Row],
    columns: Sequence[str],
    title: str | None = None,
    *,
    optional: Sequence[str] = (),
    digits: int = DIGITS,
    alike: bool = True,
) -> None:
    """Print rows under their column names.

    In a pipe every column and character is there: two blanks between columns, none at a line's end, no colour
    and no rules. A terminal that is too narrow loses the optional columns, the last first; if that is not
    enough each row is printed as lines of names and values.

    Args:
        rows: The rows; a missing value is NULL.
        columns: The columns, in order; they may repeat no name.
        title: A line above.
        optional: Columns that a narrow terminal may lose, the most important first.
        digits: Significant digits of fractional numbers.
        alike: Whether the numbers of a column are of one kind, and so share their decimals.
    """
    table = [_column(rows, name, digits, alike=alike) for name in columns]
    if not sys.stdout.isatty():
        _print_plain(table, title)
        return
    room = shutil.get_terminal_size().columns
    lost = []
    for name in reversed(optional):
        if _least(table) <= room:
            break
        table = [item for item in table if item.name != name]
        lost.append(name)
    if _least(table) > room:
        _print_records(rows, columns, title, digits)
        return
    _print_ruled(table, title)
    if lost:
        click.echo(f"too narrow for {', '.join(reversed(lost))}; widen the terminal, or use --json", err=True)


def print_facts(facts: Row, title: str | None = None, *, beside: Mapping[str, str] | None = None) -> None:
    """Print names and values, one a line, and beside them a word on each."""
    if title:
        click.echo(click.style(title, bold=True))
    texts = {name: shown(value) for name, value in facts.items()}
    wide, wider = _widest(texts), _widest(texts.values()) if beside else 0
    for name, text in texts.items():
        line = f"  {_pad(name, wide)}  {_pad(text, wider)}  {(beside or {}).get(name, '')}"
        click.echo(line.rstrip())


def _column(rows: Sequence[Row], name: str, digits: int, *, alike: bool) -> _Column:
    values = [row.get(name) for row in rows]
    texts = column(values, digits) if alike else [shown(value, digits) for value in values]
    return _Column(name, tuple(texts), any(is_number(value) for value in values))


def _least(table: Sequence[_Column]) -> int:
    """Return the width of a ruled table whose texts are folded as far as they can be."""
    return sum(item.least + _RULED_GAP for item in table) + 1


def _print_plain(table: Sequence[_Column], title: str | None) -> None:
    if title:
        click.echo(title)
    lines = zip(*(item.padded() for item in table), strict=True)
    click.echo("\n".join((" " * _GAP).join(cells).rstrip() for cells in lines))


def _print_ruled(table: Sequence[_Column], title: str | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    ruled = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for item in table:
        whole = item.least == item.width
        header, side = Text(item.name), "right" if item.right else "left"
        ruled.add_column(header, justify=side, no_wrap=whole, overflow="fold", min_width=item.least)  # type: ignore[arg-type]
    for cells in zip(*(item.texts for item in table), strict=True):
        ruled.add_row(*(Text(text) for text in cells))
    Console(highlight=False, markup=False, emoji=False).print(ruled)


def _print_records(rows: Sequence[Row], columns: Sequence[str], title: str | None, digits: int) -> None:
    if title:
        click.echo(click.style(title, bold=True))
    wide = _widest(columns)
    for number, row in enumerate(rows, 1):
        click.echo(click.style(f"row {number:,}", dim=True))
        for name in columns:
            click.echo(f"  {_pad(name, wide)}  {shown(row.get(name), digits)}")


def _widest(texts: Any) -> int:
    return max((_width(text) for text in texts), default=0)


def _width(text: str) -> int:
    """Return the cells that a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def _pad(text: str, width: int, *, right: bool = False) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
