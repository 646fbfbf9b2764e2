"""Completion: what goes on with what is typed at the prompt."""

from collections.abc import Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from queries.errors import QueryError
from sweeplake.cli.shell.commands import COMMANDS, FORMS
from sweeplake.cli.shell.shell import Shell

_MOST = 100


class ShellCompleter(Completer):
    """Names of the snapshot that a shell reads, and its commands."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        """Yield what goes on with the text before the cursor, the likeliest first."""
        before = document.text_before_cursor
        try:
            yield from self._command(before) if before.lstrip().startswith(".") else self._names(document)
        except QueryError:  # a snapshot that vacuum took: the next statement tells of it
            return

    def _names(self, document: Document) -> Iterator[Completion]:
        word, found = self._shell.names.after(document.text_before_cursor, document.text_after_cursor)
        for name in found[:_MOST]:
            yield Completion(name.text, -len(word), display_meta=f"{name.kind} {name.detail}".strip())

    def _command(self, before: str) -> Iterator[Completion]:
        name, blank, argument = before.lstrip().partition(" ")
        if not blank:
            known = {command: held.does for command, held in COMMANDS.items()}
        elif name == ".schema":
            known = dict.fromkeys(self._shell.names.columns, "view")
        else:
            known = dict.fromkeys(FORMS if name == ".format" else (), "")
        typed = argument if blank else name
        for text, meta in known.items():
            if text.startswith(typed):
                yield Completion(text, -len(typed), display_meta=meta)
