"""Checks in a process apart: a footer has no checksum, and one in a hundred flipped bits kills its reader.

pyarrow aborts the process on some broken footers instead of raising. So whoever checks lets another process
read them; if that one dies, the next reads what is left one by one, and so tells which one it was.
"""

import io
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from lake.claims import Claim
from lake.errors import LakeError
from lake.file_check import Problem, check_file
from lake.findings import DAMAGED
from lake.storage import Storage

FILES_AT_ONCE = 2_000
THREADS = 16

Held = tuple[str, Claim, int | None]
"""A file's table, what the log says of it, and its size in the storage; None if it is not there."""


class CheckFailedError(LakeError):
    """The process that reads files could not do it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"files could not be checked: {self.reason}; see that the storage answers, and check again"


def check_apart(storage: Storage, held: Sequence[Held]) -> list[list[Problem]]:
    """Return what is wrong with files by their sizes and footers, in order; see `check_file`.

    Raises:
        CheckFailedError: If they could not be read for another reason than themselves.
    """
    found: dict[int, list[Problem]] = {}
    threads = THREADS
    while left := [place for place in range(len(held)) if place not in found]:
        code, told = _run(storage, [(place, held[place]) for place in left], threads)
        found.update(told)
        if code < 0 and threads == 1:  # it reads them in order, and tells each: the next one killed it
            killer = next(place for place in left if place not in found)
            found[killer] = [(DAMAGED, f"whoever reads its footer dies (signal {-code})")]
        threads = 1 if code < 0 and threads > 1 else THREADS
    return [found[place] for place in range(len(held))]


def _run(
    storage: Storage, held: Sequence[tuple[int, Held]], threads: int
) -> tuple[int, dict[int, list[Problem]]]:
    """Return how the process ended, and what it told until then."""
    done = subprocess.run(
        [sys.executable, "-c", "from lake.apart import main; main()"],
        input=pickle.dumps((storage, held, threads)),
        capture_output=True,
        check=False,
    )
    if done.returncode > 0:
        raise CheckFailedError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
    return done.returncode, dict(_told(done.stdout))


def _told(data: bytes) -> Iterator[tuple[int, list[Problem]]]:
    answers = io.BytesIO(data)
    while True:
        try:
            yield pickle.load(answers)  # noqa: S301  our own bytes
        except (EOFError, pickle.UnpicklingError):  # the end, or where it died
            return


def main() -> None:
    """Check what stands on standard input, and tell each file's problems on standard output as they come."""
    storage, held, threads = pickle.load(sys.stdin.buffer)  # noqa: S301  our own bytes
    if threads == 1:  # not through a pool: nothing may begin before what was found is told
        for place, item in held:
            _tell(place, check_file(storage, *item, deep=False))
        return
    with ThreadPoolExecutor(threads) as pool:
        checks = {pool.submit(check_file, storage, *item, deep=False): place for place, item in held}
        for check in as_completed(checks):
            _tell(checks[check], check.result())


def _tell(place: int, problems: list[Problem]) -> None:
    sys.stdout.buffer.write(pickle.dumps((place, problems)))
    sys.stdout.buffer.flush()
