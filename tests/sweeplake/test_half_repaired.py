"""A repair that was killed: nobody goes on with its sweep, and check tells it, until the next repair."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

import sweeplake as sl
from lake.findings import HALF_REPAIRED
from lake.journal import Batch, Journal
from lake.lake import Lake, open_lake
from lake.lost import Loss, RepairCutOffError, open_losses
from lake.ownership import newest_epoch
from lake.sweep_log import INTERRUPTED, REMOVED, newest_states
from lake.vacuum import vacuum, vacuum_plan
from sweeplake.checking import check
from sweeplake.settling import settle_all
from sweeps.execution.ledger import Ledger
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of, write_runs

OTHER = "20260103T000000000-bbbbbb"


class _Killed(BaseException):
    """Stands for the death of the process."""


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A finished sweep of two symbols, of which one is out, by a repair that was killed before its end."""
    made = open_lake(str(tmp_path / "lake"))
    add_runs(made, ["a", "b"], number=1)
    add_runs(made, ["y"], number=2, symbol="Y")
    end_sweep(made, 3)
    file = next(held for held in made.snapshot()["metrics"].files if held.partition["symbol"] == "X")
    Path(made.url, "metrics", file.path).unlink()

    def dying(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(Loss, "finish", dying)
        with pytest.raises(_Killed):
            check(made, repair=True, drop_damaged=True)
    assert rows_of(made, "metrics") == ["y"]
    return made


def status(lake: Lake) -> str:
    return str(next(newest_states(lake, [SWEEP]))[-1]["status"])


def own(lake: Lake) -> None:
    with Ledger(lake, SWEEP).owned():
        raise AssertionError("its blocks would count as finished")


def test_check_tells_it_and_the_repair_that_finishes_it_and_not_to_delete(lake: Lake) -> None:
    (finding,) = check(lake).findings
    assert (finding.kind, finding.sweeps) == (HALF_REPAIRED, (SWEEP,))
    assert finding.remedy.startswith("`sweeplake check --repair --drop-damaged` finishes it")
    repaired = check(lake, repair=True, drop_damaged=True)
    assert [found.kind for found in repaired.findings] == ["run_count"]
    assert repaired.findings[0].remedy == f"`sweeplake resume {SWEEP}` computes what is missing"
    assert len(open_losses(lake.storage, SWEEP)) == 1 + 1  # what was cut off, and all of the symbol


@pytest.mark.parametrize(
    ("state", "go_on"),
    [
        ("finished", lambda lake: sl.resume(SWEEP, lake=lake.url)),
        ("interrupted", lambda lake: sl.resume(SWEEP, lake=lake.url)),
        ("interrupted", lambda lake: sl.cancel(SWEEP, lake=lake.url)),
        ("interrupted", own),
    ],
    ids=["resume a finished one", "resume", "cancel", "drive"],
)
def test_nobody_goes_on_with_its_sweep(lake: Lake, state: str, go_on: Callable[[Lake], object]) -> None:
    end_sweep(lake, 3, status=state)
    before = newest_epoch(lake, SWEEP)
    with pytest.raises(RepairCutOffError, match="`sweeplake check --repair --drop-damaged` finishes it"):
        go_on(lake)
    assert status(lake) == state
    assert go_on is own or newest_epoch(lake, SWEEP) == before  # a repair at work is not disturbed
    check(lake, repair=True)
    with Ledger(lake, SWEEP).owned():
        pass


def test_what_is_committed_again_of_it_does_not_count_as_finished(lake: Lake) -> None:
    block = {"phase": "runs", "symbol": "Y", "lo": 1, "hi": 2, "runs": 1, "failed": 0}
    Journal(lake, SWEEP, 2).put(Batch(2, 1, (block,), tuple(write_runs(lake, ["z"], symbol="Y"))))
    end_sweep(lake, 4)
    assert settle_all(lake).left == []
    assert rows_of(lake, "metrics") == ["y", "z"]
    assert status(lake) == INTERRUPTED
    check(lake, repair=True)
    assert rows_of(lake, "metrics") == ["y", "z"]
    assert open_losses(lake.storage, SWEEP)


def test_of_a_removed_sweep_it_is_not_told(lake: Lake) -> None:
    end_sweep(lake, 3, status=REMOVED)
    assert HALF_REPAIRED not in {finding.kind for finding in check(lake).findings}


def test_once_its_sweep_is_deleted_it_is_in_the_way_of_nothing_though_it_is_damaged(lake: Lake) -> None:
    add_runs(lake, ["o"], sweep=OTHER)
    end_sweep(lake, 2, sweep=OTHER)
    (file,) = (held for held in lake.snapshot()["metrics"].files if held.minimum["sweep_id"] == OTHER)
    Path(lake.url, "metrics", file.path).unlink()
    folder = Path(lake.url, "_sweeps", SWEEP)
    (loss,) = folder.glob("lost-*.json")
    loss.write_bytes(loss.read_bytes()[:20])
    told = {(found.kind, found.sweeps) for found in check(lake, repair=True, drop_damaged=True).findings}
    assert told == {("document", (SWEEP,)), ("half_repaired", (SWEEP,)), ("run_count", (OTHER,))}
    end_sweep(lake, 0, status=REMOVED)
    assert [found.sweeps for found in check(lake, repair=True).findings] == [(OTHER,)]
    list(vacuum(lake, vacuum_plan(lake, timedelta(0), force=True)))
    assert not folder.exists() or list(folder.iterdir()) == []


def test_what_was_repaired_is_told_where_a_driver_that_lives_is_in_the_way_of_the_rest(lake: Lake) -> None:
    with Ledger(lake, OTHER).owned():
        add_runs(lake, ["o"], sweep=OTHER)
        end_sweep(lake, 2, sweep=OTHER, status="running")
        for held in lake.snapshot()["metrics"].files:
            if held.minimum["sweep_id"] == OTHER:
                Path(lake.url, "metrics", held.path).unlink()
        checkpoint = Path(lake.url, "metrics", "_delta_log", f"{0:020}.checkpoint.parquet")
        DeltaTable(Path(lake.url, "metrics"), version=0).create_checkpoint()
        checkpoint.unlink()
        report = check(lake, repair=True, drop_damaged=True)
    assert report.repaired[0] == "metrics: made a new checkpoint"
    assert report.repaired[1].startswith("left the rest as it is: sweep 20260103T000000000-bbbbbb is run by")
    assert "missing_file" in {found.kind for found in report.findings}
