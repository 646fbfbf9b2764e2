"""Output: JSON for programs, words for people. Standard output holds results, standard error the rest."""

import json

import click
from click.core import ParameterSource

from queries.values import plain


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
