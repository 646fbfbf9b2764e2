"""A driver killed at any instant leaves a lake that is never wrong, and that its journal makes whole."""

import os
from pathlib import Path

import pytest

from lake.lake import open_lake
from sweeps.bars.ingest import ingest_files
from tests.soak.driver_kills import soak


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(30.0, id="short"),
        pytest.param(float(os.environ.get("SOAK_SECONDS", "900")), id="long", marks=pytest.mark.soak),
    ],
)
def test_no_run_is_lost_doubled_or_half_visible_when_drivers_are_killed(
    tmp_path: Path, seconds: float
) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    ingest_files(lake, source="demo")
    tally = soak(lake.url, seconds, seed=7)
    print(tally)
    assert tally.wrong == []
    assert tally.kills > 0
    assert tally.runs > 0
