"""Everything at once, SIGKILL at random instants: no run is lost, doubled or half visible in any read."""

import json
import os
from pathlib import Path

import pytest

from lake.lake import open_lake
from sweeps.bars.ingest import ingest_files
from tests.soak.chaos import Chaos

SECONDS = float(os.environ.get("SOAK_SECONDS", "900"))
SOAKS = [pytest.param(60.0, id="short"), pytest.param(SECONDS, id="long", marks=pytest.mark.soak)]
CONFIGS = [Path(__file__).parent / name for name in ("all_details.toml", "winners.toml")]
POLICY = Path(__file__).parent / "policy.toml"


def rage(lake_url: str, seconds: float, broken: str = "") -> Chaos:
    """Let everything rage on a lake with bars in it, and print what was seen."""
    lake = open_lake(lake_url)
    ingest_files(lake, source="demo")
    chaos = Chaos(lake.url, CONFIGS, POLICY, seed=7, broken=broken)
    chaos.rage(seconds)
    print(f"\n{json.dumps(chaos.tally.counts, indent=1, sort_keys=True)}\nwrong: {chaos.tally.wrong[:5]}")
    return chaos


@pytest.mark.timeout(0)
@pytest.mark.parametrize("seconds", SOAKS)
def test_no_run_is_lost_doubled_or_half_visible(tmp_path: Path, seconds: float) -> None:
    tally = rage(str(tmp_path / "lake"), seconds).tally
    assert tally.wrong == []
    assert tally["reads"] > seconds / 10
    assert tally["driver kills"] >= max(1, 40 * seconds / 900 / 2)
    assert tally["sweeps finished"] > 1
    assert tally["compacts"] > 1
    assert tally["retains"] > 1
