"""Cold start: from the start of a worker's process to its first computed block, with a warm cache on disk."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from distributed import Client

from sweeps.execution.compute import compute
from sweeps.execution.warm import Warm
from tests.benchmarks.alone import scene_and_grid
from tests.benchmarks.cases import CASES, document_of

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

RUNS = 64
STARTS = 5
DASK = Path(sys.executable).with_name("dask")
STOP_SECONDS = 30


def first_block() -> tuple[int, float]:
    """Compute a block of 10,000 bars; return how many runs have a result, and the age of this process."""
    scene, grid = scene_and_grid(document_of(CASES["SMA cross, signals only"]))
    found = compute(scene, grid, grid.survivors(0, 256)[:RUNS])
    return len(found.metrics) - len(found.failures), time.time() - psutil.Process().create_time()


def test_first_block_of_an_external_worker(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    scheduler = [DASK, "scheduler", "--port", "0", "--dashboard-address", ":0", "--scheduler-file", file]
    seconds = []
    with _started(scheduler, tmp_path):
        while not (file.exists() and file.read_text()):
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        with Client(address) as client:
            client.register_plugin(Warm())
            for _ in range(STARTS):
                begun = time.monotonic()
                with _started([DASK, "worker", address, "--nthreads", "1"], tmp_path):
                    runs, age = client.submit(first_block, pure=False).result(timeout=120)
                    assert runs == RUNS
                    seconds.append((age, time.monotonic() - begun))
                while client.nthreads():
                    time.sleep(0.05)
    process, command = (statistics.median(times) for times in zip(*seconds[1:], strict=True))
    print(f"\nfirst block {process:.1f} s after the worker's process, {command:.1f} s after `dask worker`")
    print(json.dumps({"name": "cold start", "process_s": process, "command_s": command, "starts": seconds}))


@contextmanager
def _started(command: list[object], folder: Path) -> Iterator[None]:
    """Run a process that can import this benchmark until the end of the block."""
    quiet, paths = subprocess.DEVNULL, {"PYTHONPATH": str(Path(__file__).parents[2])}
    words = [str(part) for part in command]
    with subprocess.Popen(words, cwd=folder, env=os.environ | paths, stdout=quiet, stderr=quiet) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
