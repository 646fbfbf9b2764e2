"""Output: tables for people, JSON for programs. Standard output holds results, standard error the rest."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

PLAIN_WIDTH = 10_000


def print_json(document: object) -> None:
    """Print one JSON document; times as ISO 8601, undefined numbers as null."""
    click.echo(json.dumps(_plain(document), indent=2, ensure_ascii=False))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str | None = None) -> None:
    """Print rows under their column names: ruled on a terminal, aligned text without colour elsewhere."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD if terminal else None)
    for column in columns:
        numeric = any(isinstance(row.get(column), (int, float)) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column.endswith("_id"))
    for row in rows:
        table.add_row(*(shown(row.get(column)) for column in columns))
    console = Console(
        width=None if terminal else PLAIN_WIDTH, no_color=not terminal, highlight=False, markup=False
    )
    console.print(table)


def print_facts(facts: Mapping[str, Any], title: str | None = None) -> None:
    """Print names and values, one a line."""
    if title:
        click.echo(click.style(title, bold=True))
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        click.echo(f"  {name:<{width}}  {shown(value)}")


def note(text: str) -> None:
    """Tell something on standard error."""
    click.echo(text, err=True)


def shown(value: object) -> str:
    """Return a value as people read it: four significant digits, nothing for NULL."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value.tzinfo else str(value)
        return text.removesuffix(" 00:00:00")
    if isinstance(value, Mapping):
        return " ".join(f"{name}={shown(item)}" for name, item in value.items() if item is not None)
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(item) for item in value)
    return str(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}" if abs(value) >= 1e4 else str(int(value))
    if abs(value) >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
