"""What a sweep is reckoned to take."""

from pathlib import Path

import pytest

from sweeplake.lake import Lake
from sweeps.execution.estimate import ALONE_SECONDS, CARRIED_SECONDS, estimate
from sweeps.execution.prepare import Prepared, prepare
from sweeps.execution.sampling import Sample
from sweeps.spec.config import parse_config
from tests.e2e.market import made_lake

GRID = {"fast": {"start": 2, "stop": 20, "step": 1}, "slow": {"start": 30, "stop": 90, "step": 1}}
SWEEP = {"name": "s", "strategy": "sma_cross", "symbols": ["AAA"], "timeframe": "1d", "grid": GRID}


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    lake: Lake = made_lake(tmp_path, {"AAA": 300})
    return prepare(parse_config(SWEEP, "test"), lake.tables, tmp_path)


def sampled(prepared: Prepared) -> Sample:
    return Sample(prepared.searched[0], 0.01, 0.001, 300.0, 0.001, 1_000.0, 0.002, "test")


def test_no_number_of_workers_makes_a_sweep_take_no_time(prepared: Prepared) -> None:
    assert estimate(prepared, sampled(prepared), 10_000).seconds > ALONE_SECONDS


def test_what_is_carried_over_takes_its_time_however_many_workers_there_are(prepared: Prepared) -> None:
    runs = prepared.runs
    few, many = (estimate(prepared, sampled(prepared), workers, runs).seconds for workers in (1, 10_000))
    assert min(few, many) > ALONE_SECONDS + runs * CARRIED_SECONDS
    assert few < estimate(prepared, sampled(prepared), 1).seconds, "it takes less than to compute it"
