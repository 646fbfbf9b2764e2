"""The journal: batches put down before they are seen, replays change nothing."""

import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from lake.commits import SweepTakenOverError
from lake.evolution import ColumnClashError
from lake.journal import Batch, Journal, JournalTornError
from lake.lake import Lake
from lake.ownership import claim
from lake.receipts import FileReceipt
from lake.recovery import roll_forward
from lake.storage import Storage
from lake.writer import write_rows

PARTITION = {"strategy": "s", "symbol": "X", "date": "2020-01-01"}


def batch(lake: Lake, number: int, *, block: int) -> Batch:
    keys = {"sweep_id": ["w"], "run_id": [f"r{block}"]}
    files: list[FileReceipt] = [
        write_rows(lake.storage, table, pa.table(keys), PARTITION) for table in ("metrics", "details")
    ]
    return Batch(1, number, ({"symbol": "X", "lo": block, "hi": block + 1},), tuple(files))


def run_ids(lake: Lake, table: str) -> list[str]:
    return sorted(lake.snapshot([table]).read(table, columns=["run_id"])["run_id"].to_pylist())


@pytest.fixture(autouse=True)
def _owned(lake: Lake) -> None:
    claim(lake, "w")


def test_batches_are_read_back_as_they_were_put_down(lake: Lake) -> None:
    journal = Journal(lake, "w")
    first, second = batch(lake, 1, block=0), batch(lake, 2, block=1)
    journal.commit(first)
    journal.commit(second)
    assert list(journal.batches()) == [first, second]
    assert run_ids(lake, "metrics") == run_ids(lake, "details") == ["r0", "r1"]


def test_rolling_forward_finishes_a_batch_that_was_only_put_down(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(lake, "w")
    journal.commit(batch(lake, 1, block=0))

    class Killed(BaseException):
        """Stands for the death of the process."""

    def die(_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(journal, "apply", die)
        with pytest.raises(Killed):
            journal.commit(batch(lake, 2, block=1))
    assert run_ids(lake, "metrics") == ["r0"]
    for _ in range(2):
        blocks: list[object] = []
        assert roll_forward(Journal(lake, "w"), blocks.append) == []
        assert len(blocks) == 2
    assert run_ids(lake, "metrics") == run_ids(lake, "details") == ["r0", "r1"]


def test_a_batch_number_is_taken_once(lake: Lake) -> None:
    Journal(lake, "w").commit(batch(lake, 1, block=0))
    with pytest.raises(SweepTakenOverError):
        Journal(lake, "w").commit(batch(lake, 1, block=1))
    assert run_ids(lake, "metrics") == ["r0"]


def test_a_batch_that_no_table_could_take_is_not_put_down(lake: Lake) -> None:
    journal, place = Journal(lake, "w"), {"strategy": "s", "symbol": "X", "date": "2026-01-02"}

    def mode(value: object, run: str) -> FileReceipt:
        rows = pa.table({"sweep_id": ["w"], "run_id": [run], "param_mode": [value]})
        return write_rows(lake.storage, "metrics", rows, place)

    journal.commit(Batch(1, 1, (), (mode("text", "r0"),)))
    with pytest.raises(ColumnClashError, match="param_mode"):
        journal.commit(Batch(1, 2, (), (mode(1.5, "r1"),)))
    assert journal.names() == ["batch-000001-00000001.json"]


def test_the_journal_is_outside_every_table(lake: Lake, tmp_path: Path) -> None:
    Journal(lake, "w").commit(batch(lake, 1, block=0))
    assert sorted(path.name for path in (tmp_path / "lake" / "_sweeps" / "w").iterdir()) == [
        "batch-000001-00000001.json",
        "owner-000001.json",
    ]


@pytest.mark.parametrize(
    "gone", ["batch-000001-00000001.json", "batch-000001-00000002.json", "owner-000001.json"]
)
def test_a_journal_with_a_gap_is_refused_by_whoever_reads_it(lake: Lake, gone: str) -> None:
    journal = Journal(lake, "w")
    for number in (1, 2, 3):
        journal.commit(batch(lake, number, block=number))
    lake.storage.delete([f"_sweeps/w/{gone}"])
    for read in (journal.batches, journal.entries, journal.last_names):
        with pytest.raises(JournalTornError, match=f"{gone}; .*sweeplake delete w") as caught:
            list(read())
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301  our own bytes


def test_a_listing_that_passes_over_a_batch_is_read_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(lake, "w")
    for number in (1, 2, 3):
        journal.commit(batch(lake, number, block=number))
    whole = lake.storage.list("_sweeps/w")
    passed_over = [name for name in whole if not name.endswith("2.json")]
    listings = iter([passed_over, whole])
    monkeypatch.setattr(Storage, "list", lambda *_: next(listings))
    assert [held.number for held in journal.entries()] == [1, 2, 3]
