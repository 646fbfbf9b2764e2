"""Runs of a sweep that the table of states lost are told: no policy names them, and nothing resumes it."""

from pathlib import Path

from lake.commits import commit
from lake.lake import open_lake
from lake.lost import Loss
from sweeplake.checking import check
from tests.lake.runs import SWEEP, add_runs, end_sweep

OTHER = "20260103T000000000-bbbbbb"


def test_runs_without_a_sweep_are_found(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    for sweep in (SWEEP, OTHER):
        add_runs(lake, ["r1", "r2"], sweep=sweep)
        end_sweep(lake, 2, sweep=sweep)
    assert check(lake).clean
    held = lake.snapshot(["sweeps"])["sweeps"].files
    lost = [file for file in held if file.minimum["sweep_id"] == SWEEP]
    commit(lake, "sweeps", [], removes=lost)
    [found] = check(open_lake(lake.url)).findings
    assert (found.kind, found.table, found.sweeps, found.harmless) == ("no_state", "sweeps", (SWEEP,), False)
    assert "2 runs of a sweep that the table sweeps has lost" in found.text
    assert "restore the table sweeps from a copy" in found.remedy


def test_a_sweep_that_began_since_is_none(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    add_runs(lake, ["r1"])
    before = lake.snapshot()
    end_sweep(lake, 1)
    add_runs(lake, ["r9"], sweep=OTHER)
    end_sweep(lake, 1, sweep=OTHER)
    assert before["sweeps"].files == ()
    assert check(lake).clean


def test_what_a_repair_took_out_is_told_until_it_is_computed_again(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    add_runs(lake, ["r1"])
    end_sweep(lake, 1)
    loss = Loss(SWEEP, "X", [(1, 1, "X")], {})
    loss.put(lake.storage)
    assert [found.kind for found in check(lake).findings] == ["half_repaired"]
    loss.finish(lake.storage)
    [found] = check(lake).findings
    assert (found.kind, found.sweeps, found.harmless) == ("taken_out", (SWEEP,), False)
    assert found.remedy == f"`sweeplake resume {SWEEP}` computes it"
    loss.close(lake.storage)
    assert check(lake).clean
