"""Progress: a bar on a terminal, plain lines elsewhere, always on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from sweeplake.cli.output import counted, note, on_this_lake
from sweeps.execution.events import (
    CarriedOver,
    Cautioned,
    DetailsStarted,
    Ended,
    Event,
    FoundWhole,
    Observer,
    Progressed,
    Reckoned,
    RolledForward,
    Started,
)

LINE_SECONDS = 5.0


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Observer]:
    """Yield an observer that draws a sweep's progress."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _Bar() as bar:
            yield bar
    else:
        yield _Lines()


class _Lines:
    """One line an event, at most one of progress every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._told = -1

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progressed):
            now = time.monotonic()
            due = now - self._last >= LINE_SECONDS or event.done == event.runs
            if not due or event.done == self._told:
                return
            self._last, self._told = now, event.done
        note(describe(event))


class _Bar:
    """A bar with rate and time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} runs"),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._task: Any = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._tell(event)
            self._task = self._progress.add_task("computing", total=event.runs, rate="")
        elif isinstance(event, Progressed):
            self._progress.update(self._task, completed=event.done, total=event.runs, rate=_pace(event))
        else:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        self._progress.console.print(on_this_lake(describe(event)), highlight=False)


def describe(event: Event) -> str:
    """Return an event as a line for people."""
    match event:
        case Cautioned():
            return f"caution: {event.text}"
        case Started():
            where = f"; dashboard {event.dashboard}" if event.dashboard else ""
            return (
                f"sweep {event.sweep_id}: {event.name}: {counted(event.runs, 'run')} on "
                f"{counted(event.symbols, 'symbol')}, {counted(event.workers, 'worker')}{where}"
            )
        case CarriedOver():
            return f"  {counted(event.runs, 'run')} carried over from other sweeps in {event.seconds:.1f} s"
        case Progressed():
            return f"  {event.done:,} of {counted(event.runs, 'run')}, {_pace(event)}"
        case Reckoned():
            memory, size = (f"{count / 1e6:,.0f} MB" for count in (event.memory_bytes, event.lake_bytes))
            return (
                f"  about {event.seconds:,.0f} s in all: {counted(event.blocks, 'block')} left, "
                f"{memory} of memory in driver and workers, {size} in the lake"
            )
        case DetailsStarted():
            return f"  storing trades and equity of the best {counted(event.winners, 'run')}"
        case Ended():
            failed = f", {event.failed:,} failed" if event.failed else ""
            state = event.status.replace("_", " ") + (f", {event.reason}" if event.reason else "")
            reused = f", {event.reused:,} carried over" if event.reused else ""
            return f"  {state}: {counted(event.computed, 'run')}{reused}{failed} in {event.seconds:.1f} s"
        case RolledForward():
            return f"sweep {event.sweep_id}: committed again what its journal has and its tables had lost"
        case FoundWhole():
            return f"sweep {event.sweep_id} is whole: nothing to do"


def _pace(event: Progressed) -> str:
    eta = event.eta_seconds
    left = f", {eta:.0f} s left" if eta else ""
    failed = f", {event.failed:,} failed" if event.failed else ""
    best = "" if event.best is None else f", best {event.metric} {event.best:,.4g}"
    return f"{event.rate:,.0f} runs/s{left}{best}{failed}"
