"""Answers: rows on a terminal, in a pipe, or in a file."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweeplake.cli.output import counted, note
from sweeplake.cli.tables import print_table

if TYPE_CHECKING:
    import pyarrow as pa

FORMS = ("csv", "parquet", "arrow", "json", "xlsx", "html")
BINARY = ("parquet", "arrow", "xlsx")
_DIGITS = 7
_COUNTED_SECONDS = 1.0


def form_by_name(output: str) -> str | None:
    """Return the form that a file's name asks for; None if there is none."""
    suffix = Path(output).suffix.removeprefix(".").lower()
    return suffix if suffix in FORMS else None


def refuse_terminal(form: str) -> None:
    """Return if what is not text goes elsewhere than to a terminal."""
    if form in BINARY and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal; write it to a file with -o FILE")


def to_file(rows: "pa.Table | pa.RecordBatchReader", output: str, form: str | None = None) -> None:
    """Write rows to a file, by default in the form that its name asks for, and tell how many there are."""
    from queries.export import export_file

    note(f"{counted(export_file(rows, Path(output), form), 'row')} in {output}")


def to_stdout(rows: "pa.RecordBatchReader", form: str) -> None:
    """Write rows in a form for programs as they come."""
    from queries.export import export

    refuse_terminal(form)
    sys.stdout.flush()
    export(rows, form, sys.stdout.buffer)
    sys.stdout.flush()


def to_table(rows: "pa.RecordBatchReader", most: int | None = None) -> None:
    """Print rows as a table, all of them or the first ones, and then how many more there are."""
    import pyarrow as pa

    from queries.holding import holdable

    rows = holdable(rows)
    held, count = [], 0
    for batch in rows:
        held.append(batch)
        count += batch.num_rows
        if most is not None and count > most:
            break
    table = pa.Table.from_batches(held, rows.schema)
    print_table(table.slice(0, most).to_pylist(), table.column_names, digits=_DIGITS)
    if most is not None and count > most:
        note(f"and {_rest(rows, count - most)}; `.output FILE` writes them all")


def _rest(rows: "pa.RecordBatchReader", count: int) -> str:
    """Return how many rows are not shown, counted as long as that takes no patience."""
    until = time.monotonic() + _COUNTED_SECONDS
    for batch in rows:
        count += batch.num_rows
        if time.monotonic() > until:
            return f"more than {counted(count, 'row')} more"
    return f"{counted(count, 'row')} more"


def answer(rows: "pa.RecordBatchReader", form: str | None, output: str | None) -> Any:
    """Write rows to a file, or to standard output: as a table, unless a form is named."""
    if output is not None:
        to_file(rows, output, form or form_by_name(output) or "csv")
    elif form in (None, "table"):
        to_table(rows)
    else:
        to_stdout(rows, form)
