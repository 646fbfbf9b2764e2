"""The ledger: batches that are whole, also when the commit is tried again."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lake import sweep_log
from lake.choices import Choice
from lake.commits import SweepTakenOverError
from lake.copying import counter
from lake.journal import Batch, BatchTakenError, Journal
from lake.lake import Lake, open_lake
from lake.ownership import SweepOwnedError, claim
from lake.receipts import Rows
from lake.removal import plan_removal
from lake.remove import remove
from lake.writer import write_rows
from sweeps.execution import ledger as module
from sweeps.execution.blocks import Block
from sweeps.execution.context import Place
from sweeps.execution.ledger import Ledger
from sweeps.execution.worker import BlockReceipt
from tests.lake.sleep import sleep

PARTITION = {"strategy": "s", "symbol": "A", "date": "2026-01-02"}


def receipt(lo: int, runs: int, *, failed: int = 0) -> BlockReceipt:
    ids = [f"{index:032x}" for index in range(lo, lo + runs)]
    rows = pa.table({"sweep_id": ["sweep"] * runs, "run_id": ids, "role": ["full"] * runs})
    return BlockReceipt(
        Block(Place("A"), lo, lo + runs, runs),
        (),
        (Rows.of("metrics", PARTITION, rows),),
        runs - failed,
        failed,
    )


class UnpluggedJournal(Journal):
    """The storage goes away once a batch is in the journal."""

    def apply(self, batch: Batch) -> None:
        raise OSError(f"unplugged before batch {batch.number} was visible")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"))


def test_small_blocks_of_a_batch_share_one_file(lake: Lake) -> None:
    claim(lake, "sweep")
    ledger = Ledger(lake, "sweep")
    assert not any(ledger.add(receipt(lo, 5)) for lo in range(0, 50, 5))
    assert ledger.computed == 0
    ledger.flush()
    assert ledger.computed == 50
    (file,) = lake.snapshot()["metrics"].files
    assert file.rows == 50
    (batch,) = Journal(lake, "sweep").batches()
    assert [block["lo"] for block in batch.blocks] == list(range(0, 50, 5))


def test_a_flush_that_was_broken_off_is_finished_by_the_next_one(lake: Lake) -> None:
    claim(lake, "sweep")
    ledger = Ledger(lake, "sweep")
    ledger.add(receipt(0, 5))
    ledger._journal = UnpluggedJournal(lake, "sweep")
    with pytest.raises(OSError, match="unplugged"):
        ledger.flush()
    assert ledger.computed == 0
    ledger._journal = Journal(lake, "sweep")
    ledger.flush()
    ledger.flush()
    ledger.add(receipt(5, 5))
    ledger.flush()
    assert ledger.computed == 10
    assert sum(file.rows for file in lake.snapshot()["metrics"].files) == 10
    assert [batch.number for batch in Journal(lake, "sweep").batches()] == [1, 2]


def test_a_batch_is_due_by_time_by_blocks_or_by_size(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BATCH_SECONDS", 0.0), ("BATCH_BLOCKS", 1), ("BATCH_BYTES", 1)):
        with monkeypatch.context() as changed:
            changed.setattr(module, name, value)
            assert Ledger(lake, name).add(receipt(0, 1))


def test_a_block_that_ran_twice_is_taken_once(lake: Lake) -> None:
    ledger = Ledger(lake, "sweep")
    for _ in range(2):
        ledger.add(receipt(0, 5))
    ledger.flush()
    ledger.add(receipt(0, 5))
    ledger.flush()
    assert ledger.computed == 5
    assert sum(file.rows for file in lake.snapshot()["metrics"].files) == 5


def test_the_next_driver_counts_on_from_the_journal_and_takes_no_block_again(lake: Lake) -> None:
    first = Ledger(lake, "sweep")
    with first.owned():
        first.add(receipt(0, 5, failed=2))
        first.flush()
    second = Ledger(lake, "sweep")
    with second.owned():
        assert (second.computed, second.failed) == (3, 2)
        assert second.finished.ranges() == {Place("A"): [(0, 5)]}
        second.add(receipt(0, 5, failed=2))
        second.add(receipt(5, 1))
        second.flush()
    assert (second.computed, second.failed) == (4, 2)
    assert sum(file.rows for file in lake.snapshot()["metrics"].files) == 6
    assert [(batch.epoch, batch.number) for batch in Journal(lake, "sweep").batches()] == [(1, 1), (2, 1)]


def test_a_driver_that_was_taken_over_commits_nothing_any_more(lake: Lake) -> None:
    first, second = Ledger(lake, "sweep"), Ledger(lake, "sweep")
    with first.owned():
        first.add(receipt(0, 5))
        first.flush()
        first.add(receipt(5, 5))
        with pytest.raises(SweepOwnedError), second.owned():
            pass
        with second.owned(take_over=True):
            with pytest.raises(SweepTakenOverError, match="epoch 2"):
                first.flush()
            second.add(receipt(5, 5))
            second.flush()
    assert second.computed == 10
    assert sum(file.rows for file in lake.snapshot()["metrics"].files) == 10


def test_a_block_that_came_after_a_broken_flush_is_committed_with_the_next(lake: Lake) -> None:
    claim(lake, "sweep")
    ledger = Ledger(lake, "sweep")
    ledger.add(receipt(0, 5))
    ledger._journal = UnpluggedJournal(lake, "sweep")
    with pytest.raises(OSError, match="unplugged"):
        ledger.flush()
    ledger._journal = Journal(lake, "sweep")
    ledger.add(receipt(5, 5))
    ledger.flush()
    assert ledger.computed == 10
    assert sum(file.rows for file in lake.snapshot()["metrics"].files) == 10
    assert [[block["lo"] for block in batch.blocks] for batch in Journal(lake, "sweep").batches()] == [
        [0],
        [5],
    ]


def test_a_driver_that_slept_over_large_files_commits_none_and_the_next_one_computes_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_log.record_state(lake, {"sweep_id": "sweep", "status": sweep_log.RUNNING})
    first = Ledger(lake, "sweep")
    with monkeypatch.context() as patch, first.owned():
        first.add(receipt(0, 5))
        first.flush()
        first.add(large(lake, receipt(5, 5)))
        sleep(lake, patch)
        with pytest.raises(BatchTakenError, match="`sweeplake resume sweep`"):
            first.flush()
    assert first.computed == 5
    second = Ledger(open_lake(lake.url), "sweep")
    with second.owned(take_over=True):
        assert second.finished.ranges() == {Place("A"): [(0, 5)]}
        second.add(receipt(5, 5))
        second.flush()
    assert sum(file.rows for file in open_lake(lake.url).snapshot()["metrics"].files) == 10


def large(lake: Lake, small: BlockReceipt) -> BlockReceipt:
    """Return a receipt whose rows the worker wrote itself."""
    files = [write_rows(lake.storage, part.table, part.decode(), part.partition) for part in small.rows]
    return replace(small, files=tuple(files), rows=())


def test_what_is_pending_is_committed_when_it_is_old_though_no_other_receipt_comes(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(lake, "sweep")
    ledger = Ledger(lake, "sweep")
    assert not ledger.flush_due()
    ledger.add(receipt(0, 5))
    assert not ledger.flush_due()
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.0)
    assert ledger.flush_due()
    assert not ledger.flush_due()
    assert ledger.computed == 5


def test_details_that_a_policy_took_out_are_taken_again(lake: Lake) -> None:
    ids = pa.array([f"{index:032x}" for index in range(2)])
    rows = pa.table({"sweep_id": ["sweep"] * 2, "run_id": ids, "trades": [0] * 2, "equity_rows": [0] * 2})
    block = Block(Place("A"), 0, 2, 2, np.arange(2), details=True)
    winners = BlockReceipt(block, (), (Rows.of("details", PARTITION, rows),), 2, 0)
    first = Ledger(lake, "sweep")
    with first.owned():
        first.add(receipt(0, 5))
        first.add(winners)
        first.flush()
    choice = Choice("age.details", "details", sweeps=frozenset({"sweep"}))
    snapshot = lake.snapshot()
    remove(lake, plan_removal(datetime.now(UTC), [choice], {}, snapshot, counter(lake.storage)))
    assert lake.snapshot()["details"].files == ()
    second = Ledger(lake, "sweep")
    with second.owned():
        second.add(receipt(0, 5))
        second.add(winners)
        second.add(winners)
        second.flush()
    assert sum(file.rows for file in lake.snapshot()["details"].files) == 2
    assert sum(file.rows for file in lake.snapshot()["metrics"].files) == 5
