"""Repair beside compaction, drivers and its own death: in the end every run is there once."""

import itertools
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lake import losing
from lake.commits import SweepTakenOverError
from lake.compact import compact_table
from lake.compaction import COMPACTED, CompactionSettings
from lake.journal import Batch, Journal, step
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake, open_lake
from lake.losing import drop_lost
from lake.lost import lost_blocks, unfinished_losses
from lake.ownership import SweepOwnedError, claim
from lake.recovery import recover
from lake.sources import DamagedFileError
from lake.sweep_log import record_state
from tests.lake.runs import BARS, START, SWEEP, TRADES, rows_of, write_runs
from tests.lake.seam import At, Death, KilledError, strided, watched

BLOCKS = 4
REFUSED = (SweepOwnedError, SweepTakenOverError)
TIMES = {"details": 1, "metrics": 1, "trades": TRADES, "equity": BARS}


def drive(url: str, upto: int = BLOCKS) -> int:
    """Compute the blocks that the journal does not call finished, as a new process; return how many."""
    lake, done = open_lake(url), set[int]()
    with claim(lake, SWEEP) as ownership:
        journal = Journal(lake, SWEEP, ownership.epoch)
        recover(journal, lambda block: done.add(block["lo"]))
        left = [lo for lo in range(upto) if lo not in done]
        for number, lo in enumerate(left, start=1):
            block = {"phase": "runs", "symbol": "X", "lo": lo, "hi": lo + 1, "runs": 1, "failed": 0}
            journal.commit(Batch(ownership.epoch, number, (block,), tuple(write_runs(lake, [f"r{lo}"]))))
        state = {"sweep_id": SWEEP, "strategy": "s", "started_at": START, "runs": BLOCKS, "computed": upto}
        status = "finished" if upto == BLOCKS else "interrupted"
        fence = journal.fence(step(ownership.epoch, 1))
        record_state(lake, {**state, "reused": 0, "failed": 0, "status": status}, fence)
    return len(left)


def compact_all(url: str) -> None:
    for table in COMPACTED:
        compact_table(open_lake(url), table, CompactionSettings())


def lose(lake: Lake, table: str) -> None:
    """Delete a file behind the lake's back."""
    Path(lake.url, table, lake.snapshot([table])[table].files[0].path).unlink()


def repair(url: str) -> None:
    """Take out what is missing, as a process that knows nothing."""
    lake = open_lake(url)
    snapshot = lake.snapshot()
    lost = {
        table: [file for file in snapshot[table].files if lake.storage.size(f"{table}/{file.path}") is None]
        for table in TIMES
    }
    drop_lost(lake, lost, KnownSweeps.of(snapshot))


def assert_each_run_once(url: str) -> None:
    lake = open_lake(url)
    for table, times in TIMES.items():
        assert rows_of(lake, table) == sorted([f"r{lo}" for lo in range(BLOCKS)] * times), table


def before_taking_out(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], place: int = 1) -> None:
    """Do something once, before a repair takes anything out of the first, second... of its tables."""
    real, calls = losing.take_out, itertools.count(1)

    def beside(*arguments: object, **named: object) -> int | None:
        if next(calls) == place:
            act()
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(losing, "take_out", beside)


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = str(tmp_path_factory.mktemp("driven") / "lake")
    drive(url)
    return url


@pytest.fixture
def filled(driven: str, lake: Lake) -> Lake:
    """A finished sweep of four blocks, a batch each."""
    shutil.copytree(driven, lake.url)
    return lake


@pytest.mark.parametrize(("table", "place"), [("details", 1), ("trades", 1), ("metrics", 3), ("equity", 3)])
def test_compaction_beside_a_repair_doubles_nothing(
    filled: Lake, monkeypatch: pytest.MonkeyPatch, table: str, place: int
) -> None:
    lose(filled, table)
    before_taking_out(monkeypatch, lambda: compact_all(filled.url), place)
    repair(filled.url)
    assert drive(filled.url) == BLOCKS  # they were merged: all of the symbol's
    assert_each_run_once(filled.url)
    assert unfinished_losses(filled.storage) == []


def test_compaction_after_a_repair_that_died_doubles_nothing(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(filled, "trades")

    def die() -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        before_taking_out(patch, die)
        with pytest.raises(KilledError):
            repair(filled.url)
    compact_all(filled.url)
    assert drive(filled.url) == 0  # nothing counts as lost until it is gone
    repair(filled.url)
    drive(filled.url)
    assert_each_run_once(filled.url)


@strided(5)
def test_a_repair_that_dies_at_any_call_is_finished_after_whatever_came(
    driven: str, tmp_path: Path, stride: int
) -> None:
    for place in itertools.count(1, stride):
        url = str(tmp_path / str(place))
        shutil.copytree(driven, url)
        lose(open_lake(url), "trades")
        death = Death(place)
        with watched(death), suppress(KilledError):
            repair(url)
        if place % 4 == 1:
            compact_all(url)
        if place % 3:
            drive(url)
        repair(url)
        drive(url)
        assert_each_run_once(url)
        if not death.reached:
            break
    assert place > 10


@strided(5)
def test_a_driver_at_any_call_of_a_repair_keeps_what_it_computes(tmp_path: Path, stride: int) -> None:
    start = str(tmp_path / "start")
    drive(start, upto=BLOCKS - 1)
    compact_table(open_lake(start), "metrics", CompactionSettings())
    lose(open_lake(start), "metrics")
    for place in itertools.count(1, stride):
        url = str(tmp_path / str(place))
        shutil.copytree(start, url)
        other = At(place, lambda url=url: drive(url))  # type: ignore[misc]
        with watched(other), suppress(*REFUSED):
            repair(url)
        repair(url)
        drive(url)
        assert_each_run_once(url)
        if not other.reached:
            break
    assert place > 10


def test_a_repair_beside_a_driver_that_lives_is_refused_and_takes_nothing_out(filled: Lake) -> None:
    lose(filled, "metrics")
    before = {table: filled.snapshot([table])[table].version for table in TIMES}
    with claim(filled, SWEEP), pytest.raises(SweepOwnedError, match="--take-over"):
        repair(filled.url)
    assert before == {table: filled.snapshot([table])[table].version for table in TIMES}
    assert unfinished_losses(filled.storage) == []


def test_rows_in_a_file_that_is_damaged_too_stop_a_repair_until_that_one_goes_as_well(filled: Lake) -> None:
    compact_table(filled, "equity", CompactionSettings())
    lose(filled, "metrics")
    (equity,) = filled.snapshot(["equity"])["equity"].files
    path = Path(filled.url, "equity", equity.path)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(DamagedFileError, match="hash"):
        repair(filled.url)
    assert lost_blocks(filled.storage, SWEEP) == frozenset()
    drop_lost(filled, {"equity": [equity]}, KnownSweeps.of(filled.snapshot()))
    drive(filled.url)
    assert_each_run_once(filled.url)
