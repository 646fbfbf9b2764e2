"""The prompt: what is typed on a terminal, line by line, until a statement ends."""

import os
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer

from queries.statements import statements
from sweeplake.cli.output import note
from sweeplake.cli.shell.completion import ShellCompleter
from sweeplake.cli.shell.shell import Shell
from sweeplake.cli.telling import told

ROWS = 100
"""Of an answer, as long as no file is named: a screen or two."""


def prompt(shell: Shell) -> None:
    """Answer what is typed until Ctrl-D or `.quit`; Ctrl-C stops an answer, or drops what is typed."""
    shell.most = ROWS
    session: PromptSession[str] = PromptSession(
        "sweeplake> ",
        multiline=True,
        prompt_continuation="      ...> ",
        lexer=PygmentsLexer(SqlLexer),
        completer=ShellCompleter(shell),
        complete_in_thread=True,
        history=_history(),
        key_bindings=_bindings(),
        bottom_toolbar=lambda: f" {shell.seen()} ",
    )
    note(f"{shell.seen()}\nstatements end with ;  commands begin with a dot, see .help")
    while not shell.is_over:
        try:
            entry = session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        try:
            shell.run(entry)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the conversation goes on
            told(error)


def is_whole(entry: str) -> bool:
    """Return whether an entry can be run as it is: a command, nothing, or statements that all end."""
    return entry.lstrip().startswith(".") or statements(entry).is_ended


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter", filter=has_focus(DEFAULT_BUFFER))
    def _(event: KeyPressEvent) -> None:
        """Take the name that is chosen, run what is whole, else begin another line."""
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
        elif is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return bindings


def _history() -> History:
    """Return what was typed before, in the user's folder of state, if it can be kept there."""
    base = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    folder = Path(base, "sweeplake")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "sql_history"
        path.touch(mode=0o600)
    except OSError as error:
        note(f"what is typed is not kept: {error}")
        return InMemoryHistory()
    return FileHistory(str(path))
