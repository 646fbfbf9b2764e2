"""Answers: rows on a terminal, in a pipe, or in a file."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweeplake.cli.options import FORMS
from sweeplake.cli.output import counted, note
from sweeplake.cli.tables import print_table

if TYPE_CHECKING:
    import pyarrow as pa

BINARY = ("parquet", "arrow", "xlsx")
_ENDINGS = ", ".join(f".{form}" for form in FORMS)
_DIGITS = 7
_COUNTED_SECONDS = 1.0


def chosen_form(form: str | None, output: str | None) -> str | None:
    """Return the form that is named, or that a file's name asks for, before anything is computed for it.

    Args:
        form: The form that is named.
        output: The file; None is standard output.

    Returns:
        A form; None if none is named and there is no file.

    Raises:
        UsageError: If neither names a form, or each another one.
    """
    if output is None:
        return form
    suffix = Path(output).suffix.removeprefix(".").lower()
    if form not in FORMS and suffix not in FORMS:
        raise click.UsageError(f"{output} names no form; let it end in {_ENDINGS}, or name a format")
    if form is not None and suffix in FORMS and suffix != form:
        raise click.UsageError(f"{output} asks for {suffix}, not {form}; give one of them")
    return form or suffix


def refuse_terminal(form: str) -> None:
    """Return if what is not text goes elsewhere than to a terminal."""
    if form in BINARY and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal; write it to a file with -o FILE")


def to_file(rows: "pa.Table | pa.RecordBatchReader", output: str, form: str | None = None) -> None:
    """Write rows to a file, by default in the form that its name asks for, and tell how many there are."""
    from queries.export import export_file

    note(f"{counted(export_file(rows, Path(output), form), 'row')} in {output}")


def to_stdout(rows: "pa.RecordBatchReader", form: str, most: int | None = None) -> None:
    """Write rows in a form for programs as they come, all of them or the first ones."""
    from queries.export import export

    refuse_terminal(form)
    sys.stdout.flush()
    if most is None:
        export(rows, form, sys.stdout.buffer)
    else:
        first, count = _first(rows, most)
        export(first, form, sys.stdout.buffer)
        _tell_rest(rows, count - most)
    sys.stdout.flush()


def to_table(rows: "pa.RecordBatchReader", most: int | None = None) -> None:
    """Print rows as a table, all of them or the first ones, and then how many more there are."""
    from queries.holding import fitting, holdable

    rows = holdable(rows)
    first, count = _first(rows, most)
    with fitting("a table"):
        held = first.to_pylist()
    print_table(held, first.column_names, digits=_DIGITS)
    if most is not None:
        _tell_rest(rows, count - most)


def _first(rows: "pa.RecordBatchReader", most: int | None) -> "tuple[pa.Table, int]":
    """Return so many rows, and how many were read for them."""
    import pyarrow as pa

    held, count = [], 0
    for batch in rows:
        held.append(batch)
        count += batch.num_rows
        if most is not None and count > most:
            break
    return pa.Table.from_batches(held, rows.schema).slice(0, most), count


def _tell_rest(rows: "pa.RecordBatchReader", count: int) -> None:
    if count > 0:
        note(f"and {_rest(rows, count)}; `.output FILE` writes them all")


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
        to_file(rows, output, form)
    elif form in (None, "table"):
        to_table(rows)
    else:
        to_stdout(rows, form)
