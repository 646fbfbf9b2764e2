"""`sweeplake maintain`."""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import click

from queries.values import plain
from sweeplake.cli.options import Age, json_option, lake_option
from sweeplake.cli.output import counted, note, print_json
from sweeplake.cli.retain import policy_option, print_removal
from sweeplake.cli.run import EXIT_INTERRUPTED

LEAST_EVERY = timedelta(minutes=1)
"""Rounds that come more often only keep the store busy."""


@click.command()
@policy_option
@lake_option
@click.option(
    "--every",
    type=Age(least=LEAST_EVERY),
    help="Go on, one round so often, e.g. 15m or 1h, at least 1m; else one round.",
)
@json_option
def maintain(policy_file: str, lake_url: str, every: timedelta | None, as_json: bool) -> None:  # noqa: FBT001
    """Keep the lake small and fast: apply a policy, compact, vacuum.

    Safe beside sweeps, readers and other maintenance. With --every an error of one round is told, and the
    next round comes; --json prints a line a round.

    Ctrl-C and SIGTERM stop it after the step that it is at, and what it left out is told. With --every that
    is how it ends, and it exits 0; without, 130 if anything was left out.
    """
    from lake.lake import open_lake
    from sweeplake.maintain import maintain as rounds
    from sweeps.retention.policy_file import load_policy

    policy = load_policy(Path(policy_file))
    lake = open_lake(lake_url).require()
    seconds = every.total_seconds() if every is not None else None
    skipped: Sequence[str] = ("everything",)  # told to stop before a round began
    with _stopping() as stop:
        for done in rounds(lake, policy, every_seconds=seconds, stop=stop):
            skipped = done.skipped
            _tell(done, as_json=as_json, repeated=seconds is not None)
    if seconds is not None and stop.is_set():
        note(f"stopped; {_left_out(skipped)}" if skipped else "stopped between two rounds")
    elif skipped:
        note(f"interrupted; {_left_out(skipped)}. The next `maintain` does it")
        sys.exit(EXIT_INTERRUPTED)


def _left_out(skipped: Sequence[str]) -> str:
    return f"left out: {', '.join(skipped)}"


def _tell(done: Any, *, as_json: bool, repeated: bool) -> None:
    """Print a round.

    Raises:
        Exception: Of the first step that failed, if no round comes that could do it; the others are told.
    """
    document = done.to_document()
    if as_json and repeated:
        click.echo(json.dumps(plain(document)))
        sys.stdout.flush()
    elif as_json:
        print_json(document)
    else:
        _print_round(document)
    if repeated:
        for step, error in done.errors.items():
            note(f"{step} failed, the next round tries again: {error}")
        return
    if done.errors and done.skipped:
        note(_left_out(done.skipped))
    errors = list(done.errors.items())
    for step, error in errors[1:]:
        note(f"{step} failed too: {error}")
    if errors:
        raise errors[0][1]


@contextmanager
def _stopping() -> Iterator[Event]:
    """Turn the first SIGTERM or Ctrl-C into a wish to stop; a second one interrupts."""
    stop = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def wish(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in before:
        signal.signal(number, wish)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_round(document: dict[str, Any]) -> None:
    note(f"{document['started_at']:%Y-%m-%d %H:%M:%S} UTC")
    if "retention" in document:
        print_removal(document["retention"])
    for table in document.get("compaction", {}).get("tables", ()):
        files = f"{counted(table['files_before'], 'file')} are {table['files_after']:,} now"
        note(f"compacted {table['table']}: {files}")
    if document.get("vacuum", {}).get("files"):
        vacuum = document["vacuum"]
        note(f"vacuum deleted {counted(vacuum['files'], 'file')}, {vacuum['bytes'] / 1e6:,.1f} MB")
