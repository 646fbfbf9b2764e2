"""Everything at once, SIGKILL at random instants: no run is lost, doubled or half visible in any read."""

import json
import os
from pathlib import Path

import pytest

from lake.lake import open_lake
from sweeps.bars.ingest import ingest_files
from tests.proxy import faulty
from tests.s3 import Bucket
from tests.soak.chaos import Chaos
from tests.soak.lives import Tally

SHORT = 30.0

SECONDS = float(os.environ.get("SOAK_SECONDS", "900"))
SOAKS = [pytest.param(SHORT, id="short"), pytest.param(SECONDS, id="long", marks=pytest.mark.soak)]
CONFIGS = [Path(__file__).parent / name for name in ("all_details.toml", "winners.toml")]
UNHURRIED = 4
"""Times the pause between two commands in a short soak: there starting them would take all the time."""
SMALL = Path(__file__).parent / "one_symbol.toml"
POLICY = Path(__file__).parent / "policy.toml"
DRIVER_KILLS, WORKER_KILLS, A_SOAK = 40, 20, 900.0
"""So many kills are asked of a soak of so many seconds or more."""


def wanted(seconds: float) -> dict[str, float]:
    """Return what a soak of so many seconds has to count at least."""
    share = min(seconds / A_SOAK, 1.0) if seconds > SHORT else 0.0
    return {
        "driver kills": max(1, DRIVER_KILLS * share),
        "worker kills": WORKER_KILLS * share,
        "reads": seconds / 10,
        "compacts": 2,
        "retains": 2,
        "conflicts": share,
    }


def rage(
    lake_url: str, counts: Path, seconds: float, broken: str = "", pace: float = 1.0, lives: int = 2
) -> Tally:
    """Let everything rage on a lake with bars in it, so many sweeps at once, and print what was seen."""
    counts.mkdir()
    lake = open_lake(lake_url)
    ingest_files(lake, source="demo")
    configs = CONFIGS if seconds > SHORT else [SMALL] * lives
    pace *= 1 if seconds > SHORT else UNHURRIED
    chaos = Chaos(lake.url, counts, configs, POLICY, seed=7, broken=broken, pace=pace)
    tally = chaos.rage(seconds, wanted(seconds))
    print(f"\n{json.dumps(tally.counts, indent=1, sort_keys=True)}\nwrong: {tally.wrong[:5]}")
    return tally


def assert_raged(tally: Tally, seconds: float, lives: int = 2) -> None:
    """See that nothing was wrong, and that enough was done for that to mean something."""
    assert tally.wrong == []
    asked = {**wanted(seconds), "sweeps finished": lives}
    assert {what: tally[what] for what, count in asked.items() if tally[what] < count} == {}


@pytest.mark.timeout(0)
@pytest.mark.parametrize("seconds", SOAKS)
def test_no_run_is_lost_doubled_or_half_visible(tmp_path: Path, seconds: float) -> None:
    assert_raged(rage(str(tmp_path / "lake"), tmp_path / "counts", seconds), seconds)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("seconds", SOAKS)
def test_the_same_on_s3_where_an_eighth_of_all_requests_fails(
    bucket: Bucket, tmp_path: Path, seconds: float
) -> None:
    bucket.proxy.hook = faulty(1 / 8, seed=7)
    lives = 2 if seconds > SHORT else 1  # each request goes through a server in Python
    tally = rage(bucket.url, tmp_path / "counts", seconds, pace=2.0, lives=lives)
    requests, failed = len(bucket.proxy.seen), bucket.proxy.faults
    print(f"{requests:,} requests, {failed:,} of them failed")
    assert_raged(tally, seconds, lives)
    assert failed > requests / 10


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("broken", ["fence", "idempotence", "order"])
def test_a_guard_that_is_taken_out_is_missed(tmp_path: Path, broken: str) -> None:
    assert rage(str(tmp_path / "lake"), tmp_path / "counts", SECONDS, broken).wrong
