"""Shell: statements and commands, answered one after the other from one snapshot until it is refreshed."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from queries.confine import ConfinedCatalog
from queries.names import Names, names
from queries.statements import statements
from sweeplake.cli.answers import to_file, to_stdout, to_table
from sweeplake.cli.output import counted, note

if TYPE_CHECKING:
    from sweeplake.lake import Lake

TABLE = "table"


class Shell:
    """What a conversation with a lake remembers. It reads the snapshot and writes nothing but `.output`.

    Attributes:
        lake: The lake.
        form: table, or a form of text to print answers in.
        output: File that the next answer goes to.
        most: Rows of an answer to print; None prints all.
        is_timed: Whether the time of each answer is told.
        is_over: Whether it was asked to end.
        last: The last statement.
    """

    def __init__(self, lake: "Lake", form: str = TABLE) -> None:
        """Open a lake's newest snapshot, or the one that it is pinned to."""
        self.lake, self.form = lake, form
        self.output: str | None = None
        self.most: int | None = None
        self.is_timed = self.is_over = False
        self.last = ""
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.catalog.close()

    @cached_property
    def names(self) -> Names:
        """What can be typed; found when first asked."""
        return names(self.catalog)

    def refresh(self) -> None:
        """Read the newest snapshot from now on.

        Raises:
            PinnedLakeError: If the lake was opened at an earlier version or time.
        """
        self.lake.refresh()
        self.catalog.close()
        self._open()

    def read(self, lines: Iterable[str]) -> None:
        """Run the statements and commands of a text; the first error ends it.

        Raises:
            QueryError: As `run`.
        """
        pending = ""
        for line in lines:
            if line.lstrip().startswith(".") and statements(pending).is_ended:
                self.run(line)
                if self.is_over:
                    return
                continue
            pending += line
            if ";" in line:
                found = statements(pending)
                for statement in found.whole:
                    self.answer(statement)
                pending = found.rest
        self.run(pending)

    def run(self, entry: str) -> None:
        """Do a command, or answer statements in order; the last one needs no semicolon.

        Raises:
            UnknownNameError: If there is no such command.
            RefusedSqlError: If a statement asks for more than to read the views.
            QueryError: If it cannot be answered.
        """
        if entry.lstrip().startswith("."):
            from sweeplake.cli.shell.commands import do

            do(self, entry.strip())
            return
        found = statements(entry)
        for statement in (*found.whole, *(() if found.is_ended else (found.rest,))):
            self.answer(statement)

    def answer(self, statement: str) -> None:
        """Answer one statement, to the file that was named for it or as text."""
        began = time.monotonic()
        self.last = statement
        rows = self.catalog.batches(statement)
        output, self.output = self.output, None
        if output is not None:
            to_file(rows, output)
        elif self.form == TABLE:
            to_table(rows, self.most)
        else:
            to_stdout(rows, self.form, self.most)
        if self.is_timed:
            note(f"{time.monotonic() - began:.3f} s")

    def seen(self) -> str:
        """Return what is read, on one line: lake, time, version of metrics, sweeps and runs."""
        metrics = self.catalog.snapshot["metrics"]
        runs = sum(file.rows for file in metrics.files)
        version = "" if metrics.version < 0 else f", version {metrics.version}"
        running = f" ({self._running} running)" if self._running else ""
        held = f"{counted(self._sweeps, 'sweep')}{running}, {counted(runs, 'run')}"
        return f"{self.lake.url} as of {self._at:%Y-%m-%d %H:%M:%S} UTC{version}: {held}"

    def _open(self) -> None:
        self._at = datetime.now(UTC)
        self.catalog = ConfinedCatalog(self.lake.snapshot())
        query = "select count(*) as sweeps, count(*) filter (where status = 'running') as running from sweeps"
        (row,) = self.catalog.arrow(query).to_pylist()
        self._sweeps, self._running = row["sweeps"], row["running"]
        self.__dict__.pop("names", None)
