"""Output: JSON for programs, words for people. Standard output holds results, standard error the rest."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import click
from click.core import ParameterSource


def print_json(document: object) -> None:
    """Print one JSON document; times as ISO 8601, undefined numbers as null."""
    click.echo(json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False))


def note(text: str) -> None:
    """Tell something on standard error."""
    click.echo(text, err=True)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, e.g. `1 run`, `2,676 runs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def command(text: str) -> str:
    """Return a command to type next, on the same lake as this one."""
    context = click.get_current_context()
    if context.get_parameter_source("lake_url") is not ParameterSource.COMMANDLINE:
        return f"sweeplake {text}"
    from shlex import quote

    return f"sweeplake {text} --lake {quote(context.params['lake_url'])}"


def plain(value: Any) -> Any:
    """Return a value as JSON knows it, item by item."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
