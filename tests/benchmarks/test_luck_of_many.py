"""Is it luck? Deflated Sharpe ratio and probability of backtest overfitting of a large sweep: time, memory.

BENCH_RUNS is the size (default 50000; the published figures are of 1000000): crosses with stops and targets
on the real daily bars of one stock. The command runs in a process of its own, start-up and replays included.
"""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

import sweeplake as sl
from tests.benchmarks.test_command_end_to_end import COMMAND, EXITS

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

RUNS = int(os.environ.get("BENCH_RUNS", "50000"))
FASTS, STOPS, TARGETS = 10, 20, 20
HEAD = """
name = "many"
strategy = "sma_cross"
symbols = ["AAPL"]
timeframe = "1d"
"""


def test_luck_of_many(tmp_path: Path) -> None:
    lake = sl.open(str(tmp_path / "lake"))
    sl.ingest(source="demo", lake=lake)
    slows = round(RUNS / (FASTS * STOPS * TARGETS))
    file = tmp_path / "sweep.toml"
    file.write_text(HEAD + EXITS.format(last=54 + slows))
    subprocess.run(
        [COMMAND, "run", file, "--lake", lake.url, "--json"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    begun = time.perf_counter()
    line = [COMMAND, "luck", "latest", "--lake", lake.url, "--json"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        document = json.loads(child.stdout.read())
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    [luck] = [answer for answer in document["luck"] if answer["symbol"] == "AAPL"]
    assert luck["trials"] == luck["overfitting"]["runs"]
    told = {name: luck[name] for name in ("trials", "effective_trials", "sharpe", "expected_sharpe", "dsr")}
    told |= {"pbo": luck["overfitting"]["pbo"], "seconds": seconds, "megabytes": usage.ru_maxrss / 1e3}
    print(f"\n{luck['trials']:,} trials: {seconds:.1f} s, {told['megabytes']:.0f} MB; {luck['verdict']}")
    print(json.dumps({"benchmark": "luck", **told}))
