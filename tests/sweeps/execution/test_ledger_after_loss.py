"""What a repair took out and what is visible of it again: a driver that computes it doubles nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import lake.undo as undoing
from lake.choices import Choice
from lake.commits import SweepTakenOverError
from lake.compact import compact_table
from lake.compaction import COMPACTED, CompactionSettings
from lake.copying import counter
from lake.journal import Batch, Journal
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake, open_lake
from lake.log import entry_path, log_files
from lake.log_repair import set_aside_cut_entry
from lake.losing import drop_lost
from lake.lost import Loss, open_losses
from lake.ownership import SweepOwnedError
from lake.removal import plan_removal
from lake.remove import remove
from lake.undo import undo
from lake.undoable import to_undo
from lake.writer import write_rows
from sweeps.execution.ledger import Ledger
from tests.lake.runs import BARS, SWEEP, TRADES, end_sweep, rows_of, write_runs

BLOCKS = {"X": range(3), "Y": range(3, 5)}
TIMES = {"details": 1, "metrics": 1, "trades": TRADES, "equity": BARS}


def drive(url: str, most: int = 5, *, ends: bool = True, failed: int = 0) -> list[int]:
    """Compute so many of the blocks that are not finished, a batch each; return which.

    So many further runs of each block fail.
    """
    lake = open_lake(url)
    ledger = Ledger(lake, SWEEP)
    with ledger.owned():
        done = {lo for ranges in ledger.finished.ranges().values() for lo, _ in ranges}
        left = [(symbol, lo) for symbol, held in BLOCKS.items() for lo in held if lo not in done][:most]
        for number, (symbol, lo) in enumerate(left, start=1):
            block = {"phase": "runs", "symbol": symbol, "lo": lo, "hi": lo + 1}
            block |= {"runs": 1 + failed, "failed": failed}
            files = list(write_runs(lake, [f"r{lo}"], symbol=symbol))
            if failed:
                keys = {
                    "sweep_id": [SWEEP] * failed,
                    "run_id": [f"f{lo}"] * failed,
                    "symbol": [symbol] * failed,
                }
                files.append(write_rows(lake.storage, "failures", pa.table(keys), {"date": "2026-01-02"}))
            Journal(lake, SWEEP, ledger.epoch).commit(Batch(ledger.epoch, number, (block,), tuple(files)))
        if ends:
            ledger.close_losses()
    return [lo for _, lo in left]


@pytest.fixture
def filled(tmp_path: Path) -> Lake:
    """A finished sweep of five blocks, a batch each."""
    lake = open_lake(str(tmp_path / "lake"))
    drive(lake.url)
    end_sweep(lake, 5)
    return lake


def lose(lake: Lake, table: str) -> None:
    """Delete the file of X with the first run, and repair."""
    files = [file for file in lake.snapshot([table])[table].files if file.partition["symbol"] == "X"]
    (file,) = [file for file in files if file.minimum["run_id"] <= "r0"]
    Path(lake.url, table, file.path).unlink()
    drop_lost(lake, {table: [file]}, KnownSweeps.of(lake.snapshot()))


def cut_newest(lake: Lake, table: str) -> None:
    """Cut the newest entry of a log, as a crash of the machine does, and set it aside."""
    path = Path(lake.url, entry_path(table, log_files(lake.storage, table).newest))
    path.write_bytes(path.read_bytes()[:50])
    assert set_aside_cut_entry(lake.storage, table)


def delete_run(lake: Lake, run: str) -> None:
    choice = Choice(f"delete {run}", "sweep", runs={SWEEP: pa.array([run])})
    remove(lake, plan_removal(datetime.now(UTC), [choice], {}, lake.snapshot(), counter(lake.storage)))


def compact(lake: Lake) -> None:
    """Merge whatever files there are."""
    for table in COMPACTED:
        compact_table(open_lake(lake.url), table, CompactionSettings(fewest_files=1))


def whole(lake: Lake) -> bool:
    """Say whether every run is there once."""
    lake, runs = open_lake(lake.url), [f"r{lo}" for lo in range(5)]
    return all(rows_of(lake, table) == sorted(runs * times) for table, times in TIMES.items())


@pytest.mark.parametrize("table", TIMES)
def test_a_run_that_an_undo_brings_back_after_the_repair_is_not_doubled(filled: Lake, table: str) -> None:
    compact(filled)
    delete_run(filled, "r1")
    lose(filled, table)
    (record,) = to_undo(filled)
    undo(filled, record)
    assert rows_of(filled, "metrics") == ["r1", "r3", "r4"]
    assert drive(filled.url) == [0, 1, 2]
    assert whole(filled)
    assert open_losses(filled.storage, SWEEP) == []


def test_nothing_comes_back_beside_a_driver_that_computes_it(filled: Lake) -> None:
    compact(filled)
    delete_run(filled, "r1")
    lose(filled, "metrics")
    (record,) = to_undo(filled)
    with Ledger(open_lake(filled.url), SWEEP).owned(), pytest.raises(SweepOwnedError, match=SWEEP):
        undo(filled, record)
    assert rows_of(filled, "metrics") == ["r3", "r4"]
    undo(filled, record)
    assert drive(filled.url) == [0, 1, 2]
    assert whole(filled)


def test_nothing_comes_back_once_a_driver_has_taken_over(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    compact(filled)
    delete_run(filled, "r1")
    lose(filled, "metrics")
    (record,) = to_undo(filled)
    real = undoing.own

    def overtaken(*asked: Any, **how: Any) -> Any:
        owned = real(*asked, **how)
        drive(filled.url, 0, ends=False)
        return owned

    with monkeypatch.context() as patch:
        patch.setattr(undoing, "own", overtaken)
        with pytest.raises(SweepTakenOverError):
            undo(filled, record)
    assert rows_of(filled, "metrics") == ["r3", "r4"]
    undo(open_lake(filled.url), record)
    assert drive(filled.url) == [0, 1, 2]
    assert whole(filled)


@pytest.mark.parametrize("table", TIMES)
@pytest.mark.parametrize("prepare", [lambda _: None, compact], ids=["as written", "merged"])
def test_what_a_log_that_lost_the_repair_has_again_is_not_doubled(
    filled: Lake, prepare: Callable[[Lake], None], table: str
) -> None:
    prepare(filled)
    lose(filled, "equity" if table == "trades" else "trades")
    assert "r0" not in rows_of(filled, table)
    cut_newest(filled, table)
    assert "r0" in rows_of(filled, table)
    drive(filled.url)
    assert whole(filled)


@pytest.mark.parametrize(
    ("prepare", "again"), [(lambda _: None, [1, 2]), (compact, [0, 1, 2])], ids=["as written", "merged"]
)
def test_what_was_computed_again_stays_though_lost_rows_return_unless_it_was_merged(
    filled: Lake, prepare: Callable[[Lake], None], again: list[int]
) -> None:
    compact(filled)
    delete_run(filled, "r2")
    lose(filled, "trades")
    assert drive(filled.url, 1, ends=False) == [0]
    undo(filled, to_undo(filled)[0])
    assert rows_of(filled, "metrics") == ["r0", "r2", "r3", "r4"]
    prepare(filled)
    assert drive(filled.url) == again
    assert whole(filled)
    assert open_losses(filled.storage, SWEEP) == []


@pytest.mark.parametrize("failed", [0, 2])
def test_what_was_computed_again_and_merged_stays_if_nothing_returned(tmp_path: Path, failed: int) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    drive(lake.url, failed=failed)
    end_sweep(lake, 5 * (1 + failed))
    compact(lake)
    lose(lake, "trades")
    assert drive(lake.url, 2, ends=False, failed=failed) == [0, 1]
    compact(lake)
    assert drive(lake.url, ends=False, failed=failed) == [2]
    assert drive(lake.url) == []
    assert whole(lake)
    assert rows_of(lake, "failures") == [f"f{lo}" for lo in range(5) for _ in range(failed)]


def test_a_driver_that_dies_before_all_is_out_again_is_followed_by_one_that_doubles_nothing(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    compact(filled)
    delete_run(filled, "r2")
    lose(filled, "trades")
    drive(filled.url, 1, ends=False)
    undo(filled, to_undo(filled)[0])
    compact(filled)
    real = Loss.finish

    def dying(self: Loss, storage: object) -> None:
        real(self, storage)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Loss, "finish", dying)
        with pytest.raises(KeyboardInterrupt):
            drive(filled.url)
    assert drive(filled.url) == [0, 1, 2]
    assert whole(filled)
