"""Output: JSON for programs, words for people. Standard output holds results, standard error the rest."""

import json
import re
from shlex import quote

import click
from click.core import ParameterSource

from queries.values import plain

_LAKE = "sweeplake.lake"
"""What a context keeps the lake under, for those around it too."""
_COMMAND = re.compile("`sweeplake ((?:(?!--lake)[^`])+)`")


def print_json(document: object) -> None:
    """Print one JSON document; times as ISO 8601, undefined numbers as null."""
    click.echo(json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False))


def note(text: str) -> None:
    """Tell something on standard error; commands that it names are those of this lake."""
    click.echo(on_this_lake(text), err=True)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, e.g. `1 run`, `2,676 runs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def command(text: str) -> str:
    """Return a command to type next, on the same lake as this one."""
    context = click.get_current_context(silent=True)
    lake = None if context is None else context.meta.get(_LAKE)
    return f"sweeplake {text}" if lake is None else f"sweeplake {text} --lake {quote(lake)}"


def on_this_lake(text: str) -> str:
    """Return a text whose commands in backquotes are on the same lake as this one."""
    return _COMMAND.sub(lambda found: f"`{command(found[1])}`", text)


def remember_lake(context: click.Context, option: click.Parameter, url: str) -> str:
    """Keep a lake that was typed, for the commands that are told; any other is found as it was."""
    if context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
        context.meta[_LAKE] = url
    return url
