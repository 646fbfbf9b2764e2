"""Reading in a process apart: a footer has no checksum, and one in a hundred flipped bits kills its reader.

pyarrow aborts the process on some broken footers instead of raising. So whoever reads files that may be
damaged lets another process do it; if that one crashes, the next reads what is left one by one. The file at
which it crashes again is read twice more, by processes that have nothing else to do: only one that kills both
is damaged. A process that was ended from outside says nothing of a file.
"""

import io
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar

from lake.errors import LakeError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

FILES_AT_ONCE = 2_000
THREADS = 16

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL})
_TIMES_ALONE = 2

_Told = dict[int, Any]
"""What was read of files, by their places."""


class CheckFailedError(LakeError):
    """The process that reads files could not do it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"files could not be checked: {self.reason}; see that the storage answers, and check again"


def read_apart(
    task: Callable[[Item], Answer], items: Sequence[Item], died: Callable[[int], Answer]
) -> list[Answer]:
    """Return what a task tells of each item, in order.

    Args:
        task: A function of a module, or a partial of one: it reads one file.
        items: What it is called with; all of it can be pickled, and so can its answers.
        died: Returns the answer for a file whose every reader dies, by the signal.

    Raises:
        LakeError: What the task raises of the kind.
        CheckFailedError: If they could not be read for another reason than themselves.
    """
    found: _Told = {}
    threads = THREADS
    while left := [place for place in range(len(items)) if place not in found]:
        crash, told = _run(task, [(place, items[place]) for place in left], threads)
        found.update(told)
        if crash and threads == 1:  # it reads them in order, and tells each: it died at the next one
            suspect = next((place for place in left if place not in found), None)
            if suspect is not None:
                found[suspect] = _alone(task, items[suspect], died)
        threads = 1 if crash and threads > 1 else THREADS
    return [found[place] for place in range(len(items))]


def _alone(task: Callable[[Item], Answer], item: Item, died: Callable[[int], Answer]) -> Any:
    """Return the answer for one file, at which a process crashed that had read others before."""
    crash = 0
    for _ in range(_TIMES_ALONE):
        crash, told = _run(task, [(0, item)], 1)
        if 0 in told:
            return told[0]
    return died(crash)


def _run(task: Callable[[Item], Any], held: Sequence[tuple[int, Item]], threads: int) -> tuple[int, _Told]:
    """Return the signal by which the process crashed, 0 if it did not, and what it told until then.

    It has a file of its own for what it tells, for whatever starts with Python may print, and it looks for no
    module in the folder that the user is in.
    """
    with TemporaryDirectory(prefix="sweeplake-check-") as folder:
        answers = Path(folder, "answers")
        answers.touch()
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-P", "-m", "lake.apart", str(answers)],
            input=pickle.dumps((task, held, threads)),
            capture_output=True,
            check=False,
        )
        told: _Told = {}
        for place, answer in _told(answers.read_bytes()):
            if isinstance(answer, LakeError):
                raise answer
            told[place] = answer
    if -done.returncode in _CRASHES:
        return -done.returncode, told
    if done.returncode < 0:
        name = signal.strsignal(-done.returncode)
        raise CheckFailedError(f"the process that reads them was ended from outside ({name})")
    if done.returncode > 0 or len(told) < len(held):
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise CheckFailedError(said or "the process that reads them told nothing")
    return 0, told


def _told(data: bytes) -> Iterator[tuple[int, Any]]:
    answers = io.BytesIO(data)
    while True:
        try:
            yield pickle.load(answers)  # noqa: S301  our own bytes
        except (EOFError, pickle.UnpicklingError):  # the end, or where it died
            return


def main(path: str) -> None:
    """Read what stands on standard input, and tell what is found of each file in another one as it comes."""
    task, held, threads = pickle.load(sys.stdin.buffer)  # noqa: S301  our own bytes
    with Path(path).open("ab") as answers:
        if threads == 1:  # not through a pool: nothing may begin before what was found is told
            for place, item in held:
                _tell(answers, place, _answer(task, item))
            return
        with ThreadPoolExecutor(threads) as pool:
            reads = {pool.submit(_answer, task, item): place for place, item in held}
            for read in as_completed(reads):
                _tell(answers, reads[read], read.result())


def _answer(task: Callable[[Item], Any], item: Item) -> Any:
    try:
        return task(item)
    except LakeError as error:
        return error


def _tell(answers: BinaryIO, place: int, answer: object) -> None:
    answers.write(pickle.dumps((place, answer)))
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
