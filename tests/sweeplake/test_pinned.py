"""Pins of a policy that name what is not there: a typing error is refused, what went is told."""

from datetime import timedelta
from pathlib import Path

import pytest

from lake.journal import Batch, Journal
from lake.lake import open_lake
from lake.lost import Loss
from lake.ownership import claim
from lake.policy import Pins, Policy
from lake.writer import write_rows
from sweeplake.retention import plan_retention
from sweeps.retention.policy_file import PolicyError
from tests.lake.small import DAY, START, put_runs, put_sweep, run_rows

NOW = START + timedelta(days=40)
PLACE = {"strategy": "s", "symbol": "X", "date": DAY}


def test_a_pin_of_a_run_that_a_repair_took_out_warns(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    put_sweep(lake, "a", status="finished")
    put_runs(lake, [("a", "r0")])
    ids = [f"{'ab' * 8}{n:016x}" for n in range(3)]
    rows = write_rows(lake.storage, "metrics", run_rows("metrics", [("a", name) for name in ids], {}), PLACE)
    claim(lake, "a")
    Journal(lake, "a").put(Batch(1, 1, (), (rows,)))
    loss = Loss("a", "X", [(1, 1, "X")], {"metrics": [rows.path]})
    loss.put(lake.storage)
    loss.finish(lake.storage)
    other = f"{'cd' * 8}{1:016x}"
    warnings = plan_retention(lake, Policy(pins=Pins(runs=(ids[1],))), NOW).warnings
    assert len(warnings) == 1
    assert "went in a repair of sweep a; compute it with `sweeplake resume a`" in warnings[0]
    with pytest.raises(PolicyError, match=f"the lake has no run {other}"):
        plan_retention(lake, Policy(pins=Pins(runs=(ids[1], other))), NOW)
