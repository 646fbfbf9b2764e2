"""Commands of the shell: what begins with a dot."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from queries.errors import BadValueError, UnknownNameError
from queries.files import require_folder
from sweeplake.cli.answers import chosen_form
from sweeplake.cli.output import note
from sweeplake.cli.shell.shell import TABLE, Shell
from sweeplake.cli.tables import print_table

FORMS = (TABLE, "json", "csv")
WATCH_SECONDS = 2.0


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        does: What it does, in a line.
        do: Does it, given its argument, "" if it has none.
        argument: What may follow its name.
    """

    does: str
    do: Callable[[Shell, str], None]
    argument: str = ""


def do(shell: Shell, entry: str) -> None:
    """Do what a line that begins with a dot asks for.

    Raises:
        UnknownNameError: If there is no such command, or what it is about.
        BadValueError: If its argument makes no sense.
    """
    name, _, argument = entry.partition(" ")
    if name not in COMMANDS:
        raise UnknownNameError("command", name, tuple(COMMANDS))
    if argument.strip() and not COMMANDS[name].argument:
        raise BadValueError(name, argument.strip(), "nothing may follow it")
    COMMANDS[name].do(shell, argument.strip())


def _help(_: Shell, __: str) -> None:
    rows = [
        {"command": f"{name} {command.argument}".strip(), "does": command.does}
        for name, command in COMMANDS.items()
    ]
    print_table(rows, ("command", "does"))


def _views(shell: Shell, _: str) -> None:
    views = [{"name": view.text, "columns": view.detail} for view in shell.names.views]
    print_table(views, ("name", "columns"), "Views")
    macros = [{"name": macro.text, "parameters": macro.detail} for macro in shell.names.macros]
    print_table(macros, ("name", "parameters"), "Macros")


def _schema(shell: Shell, view: str) -> None:
    columns = shell.names.columns
    if view not in columns:
        raise UnknownNameError("view", view, sorted(columns))
    rows = [{"column": column.text, "type": column.detail} for column in columns[view]]
    print_table(rows, ("column", "type"))


def _refresh(shell: Shell, _: str) -> None:
    shell.refresh()
    note(shell.seen())


def _snapshot(shell: Shell, _: str) -> None:
    click.echo(shell.seen())


def _format(shell: Shell, form: str) -> None:
    if form not in FORMS:
        raise UnknownNameError("format", form, FORMS)
    shell.form = form


def _output(shell: Shell, file: str) -> None:
    """Set where the next answer goes; what no answer could be written to is told now."""
    if file:
        chosen_form(None, file)
        require_folder(Path(file))
    shell.output = file or None


def _timing(shell: Shell, _: str) -> None:
    shell.is_timed = not shell.is_timed
    note(f"timing is {'on' if shell.is_timed else 'off'}")


def _watch(shell: Shell, text: str) -> None:
    from sweeplake.cli.watching import watch_seconds, watched

    if not shell.last:
        raise BadValueError(".watch", text, "ask something first; it is asked again then")
    form = "json" if shell.form == "json" else TABLE
    watched(shell.lake, shell.last, form, watch_seconds(text or WATCH_SECONDS))


def _quit(shell: Shell, _: str) -> None:
    shell.is_over = True


COMMANDS = {
    ".help": Command("this list", _help),
    ".views": Command("views and macros", _views),
    ".schema": Command("columns of a view", _schema, "VIEW"),
    ".snapshot": Command("what is read", _snapshot),
    ".refresh": Command("read the newest snapshot from now on", _refresh),
    ".format": Command("how answers are printed: table, json or csv", _format, "FORM"),
    ".output": Command("write the next answer to a file, by its suffix", _output, "FILE"),
    ".timing": Command("tell how long each answer took, or stop to", _timing),
    ".watch": Command("ask the last statement again and again, until Ctrl-C", _watch, "[SECONDS]"),
    ".quit": Command("leave, as Ctrl-D does", _quit),
}
