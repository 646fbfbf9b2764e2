"""The command line as the soak starts it: a third of a sweep's tasks are done twice, and receipts come late.

`SOAK_BREAK` takes one guard out, to see that the soak is able to fail:

    fence         maintenance commits whatever a rival did meanwhile
    idempotence   a receipt, a batch and a commit count as often as they come
    order         metrics and details are committed before trades and equity
"""

import faulthandler
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lake import commits, journal, maintenance
from lake.head import Head
from sweeps.execution import driver
from sweeps.execution.blocks import Block
from sweeps.execution.finished import Finished

DONE_TWICE = 0.3
WINDOW_SECONDS = 1.0
"""So long a broken guard leaves open what it should close, which a minute would hardly ever hit."""


def doubled(blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield blocks, some of them twice: the second time a while later, as a straggler's receipt comes."""
    chance, late = random.Random(os.environ.get("SOAK_SEED")), list[Block]()
    for block in blocks:
        yield block
        if chance.random() < DONE_TWICE:
            late.append(block)
        if late and chance.random() < DONE_TWICE:
            yield late.pop(chance.randrange(len(late)))
    yield from late


def do_tasks_twice() -> None:
    """Let every window of this process do some of its tasks twice."""
    through_window = driver.through_window

    def twice(client: Any, task: Any, context: Any, blocks: Iterator[Block], *further: Any) -> Any:
        return through_window(client, task, context, doubled(blocks), *further)

    driver.through_window = twice


def count_commits() -> None:
    """Append a byte to a file for every commit, and to another for every number that a rival had first."""
    put, folder = Head.put, Path(os.environ["SOAK_COUNTS"])

    def counted(self: Head, version: int, data: bytes, steps: dict[str, int]) -> bool:
        taken = put(self, version, data, steps)
        with (folder / ("commits" if taken else "conflicts")).open("ab") as file:
            file.write(b".")
        return taken

    Head.put = counted  # type: ignore[method-assign]


def main() -> None:
    """Run one command."""
    faulthandler.register(signal.SIGUSR1)  # where one is that should have stopped
    do_tasks_twice()
    count_commits()
    broken = os.environ.get("SOAK_BREAK", "")
    if broken:
        BREAKS[broken]()
    from sweeplake.cli import main as command

    command()


def take_out_the_fence() -> None:
    """Let maintenance commit whatever a rival did since it planned."""

    def commit(self: maintenance.Fenced, adds: Any, removes: Any, note: str = "") -> int:
        time.sleep(WINDOW_SECONDS)
        return commits.commit(self.lake, self.snapshot.name, adds, removes=removes, note=note)

    maintenance.Fenced.commit = commit  # type: ignore[method-assign]


def take_out_idempotence() -> None:
    """Let what comes twice count twice."""
    commits._Entry.is_taken = lambda *_: False  # type: ignore[method-assign]
    Finished.take = lambda *_: True  # type: ignore[assignment, method-assign]


def commit_details_first() -> None:
    """Make runs visible before what belongs to them."""
    order = ("details", "metrics", "failures", "equity", "trades")
    journal.COMMIT_ORDER = order
    commit = journal.commit

    def slowly(*arguments: Any, **named: Any) -> int:
        time.sleep(WINDOW_SECONDS)
        return commit(*arguments, **named)

    journal.commit = slowly


BREAKS = {"fence": take_out_the_fence, "idempotence": take_out_idempotence, "order": commit_details_first}

if __name__ == "__main__":
    main()
