"""Settling: every sweep whose tables lost a commit gets it back, whatever is wrong with another."""

from pathlib import Path

from lake.journal import Batch, Journal
from lake.lake import open_lake
from lake.ownership import claim
from lake.unsettled import behind
from sweeplake.settling import settle_all
from tests.lake.runs import add_runs, end_sweep, write_runs

SWEEPS = ("20260102T000000000-aaaaaa", "20260103T000000000-bbbbbb")


def test_a_sweep_that_cannot_be_settled_is_told_and_the_others_are(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    for sweep in SWEEPS:
        add_runs(lake, ["a"], sweep=sweep)
        block = {"phase": "runs", "symbol": "X", "lo": 1, "hi": 2, "runs": 1, "failed": 0}
        Journal(lake, sweep).put(Batch(1, 2, (block,), tuple(write_runs(lake, ["b"], sweep=sweep))))
        end_sweep(lake, 2, sweep=sweep)
    with claim(lake, SWEEPS[0]):
        settled = settle_all(lake)
    assert [line for line in settled.done if SWEEPS[1] in line] == list(settled.done) != []
    assert [SWEEPS[0] in line for line in settled.left] == [True]
    assert behind(lake, SWEEPS[0])
    assert not behind(lake, SWEEPS[1])
