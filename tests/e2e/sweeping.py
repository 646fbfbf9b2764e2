"""A slow sweep in a process of its own, for what happens to it in the middle."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from sweeplake.lake import Lake
from tests.e2e.processes import BIN, line_with, started
from tests.e2e.stored import stored

SLOW = """
    import time

    def slow(bars, ind, *, period: int):
        time.sleep(0.01)
        if period % 5 == 0:
            raise ValueError("a multiple of five")
        return bars.close > ind.sma(period)
    """
SWEEP = """
    name = "slow"
    strategy = "slow.py:slow"
    symbols = ["AAA"]
    timeframe = "1d"
    [grid]
    period = { start = 1, stop = 5000, step = 1 }
    [details]
    keep = "all"
    """
CLOSED = """
    import threading
    import time
    from pathlib import Path

    def slow(bars, ind, *, period: int):
        if "Dask" in threading.current_thread().name:  # on a worker
            time.sleep(0.01)
            while period > 100 and not Path({gate!r}).exists():
                time.sleep(0.05)
        if period % 5 == 0:
            raise ValueError("a multiple of five")
        return bars.close > ind.sma(period)
    """


@contextmanager
def sweeping(config: Path, lake: Lake, *options: str) -> Iterator[tuple[Popen[str], str]]:
    """Yield a process that runs a sweep, and the sweep's name, as soon as a part of it is committed."""
    command = (BIN / "sweeplake", "run", config, "--fresh", "--lake", lake.url, *options)
    with started(*command, cwd=config.parent) as process:
        sweep_id = line_with(process, "sweep ").split()[1].rstrip(":")
        wait_for_a_batch(lake, sweep_id)
        yield process, sweep_id


def wait_for_a_batch(lake: Lake, sweep_id: str) -> None:
    deadline = time.monotonic() + 60
    while not stored(lake, "metrics", sweep_id).size:
        assert time.monotonic() < deadline
        time.sleep(0.2)
