"""What `plan` reckons beside what the sweep then takes: a fast one, a slow one in Python, details, S3."""

import json
import subprocess
from pathlib import Path

import pytest

from sweeplake.lake import Lake
from tests.benchmarks.market import market_lake
from tests.benchmarks.test_command_end_to_end import COMMAND, command, sweep_of
from tests.s3 import Bucket

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SLOW = """
def slow(bars, ind, *, period: int, above: int):
    average, level, held = ind.sma(period), 1 + above / 1000, []
    for close, mean in zip(bars.close, average):
        held.append(close > mean * level)
    return held
"""
SWEEPS = {
    "built-in": sweep_of("exits", 2_000_000),
    "slow": """
name = "slow"
strategy = "slow.py:slow"
symbols = ["X"]
timeframe = "1h"
[grid]
period = { start = 5, stop = 200, step = 5 }
above = { start = 1, stop = 250, step = 1 }
""",
    "all details": sweep_of("signals", 2_000).replace('keep = "none"', 'keep = "all"'),
    "s3": sweep_of("signals", 2_000_000),
}


@pytest.fixture(params=SWEEPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lake(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Lake:
    bucket: Bucket | None = request.getfixturevalue("bucket") if name == "s3" else None
    return market_lake(tmp_path, bucket.url if bucket else "")


def test_what_plan_reckons_is_what_the_sweep_takes(name: str, lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "sweep.toml").write_text(SWEEPS[name])
    line = [
        COMMAND,
        "plan",
        tmp_path / "sweep.toml",
        "--lake",
        lake.url,
        "--workers",
        "2",
        "--fresh",
        "--json",
    ]
    reckoned = json.loads(subprocess.run(line, capture_output=True, check=True).stdout)
    done, _, wall, memory = command(lake, tmp_path, SWEEPS[name])
    assert done["computed"] == reckoned["runs"]
    tables = lake.refresh().tables.snapshot(["metrics", "trades", "equity", "details"]).tables.values()
    stored = sum(file.size_bytes for table in tables for file in table.files)
    verdict = {
        "benchmark": "estimate",
        "sweep": name,
        "runs": done["computed"],
        "seconds": done["seconds"],
        "seconds_with_start_up": wall,
        "profile": done["profile"],
        "reckoned_seconds": reckoned["estimate"]["seconds"],
        "ratio": reckoned["estimate"]["seconds"] / done["seconds"],
        "memory_ratio": reckoned["estimate"]["memory_bytes"] / (memory["driver"] + memory["workers"]),
        "bytes_ratio": reckoned["estimate"]["lake_bytes"] / stored,
    }
    print("\n" + json.dumps(verdict))
