"""Documents beside the tables that are cut off: named with what to do, by check and by who needs them."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.document_check import check_documents
from lake.documents import DocumentDamagedError
from lake.journal import Journal, JournalTornError
from lake.lake import Lake, open_lake
from lake.lost import Loss, all_losses, all_open_losses, lost_blocks, open_losses
from lake.ownership import STALE_SECONDS, SweepOwnedError, is_live, require_free
from lake.pins import pin, pins
from lake.removal import Removal, plan_removal
from lake.removal_log import attempts, begin, records
from lake.remove import remove
from lake.retiring import retire
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of

READ: dict[str, Callable[[Lake], object]] = {
    "_sweeps/*/batch-*.json": lambda lake: list(Journal(lake, SWEEP).batches()),
    "_sweeps/*/lost-*.json": lambda lake: all_losses(lake.storage),
    "_maintenance/*/plan.json": lambda lake: list(records(lake)),
    "_pins/*.json": pins,
}


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with every kind of document; what a test cuts off it puts back."""
    lake = open_lake(str(tmp_path_factory.mktemp("noted") / "lake"))
    add_runs(lake, ["a"])
    end_sweep(lake, 1, status="interrupted")
    pin(lake, "run", "a")
    Loss(SWEEP, "X", [(1, 1, "X")], {}).put(lake.storage)
    begin(lake, planned(lake), {})
    return lake


def planned(lake: Lake) -> Removal:
    choice = Choice("delete", "sweep", sweeps=frozenset({SWEEP}))
    return plan_removal(datetime.now(UTC), [choice], {}, lake.snapshot(), counter(lake.storage))


@pytest.mark.parametrize("left", [0, 10])
@pytest.mark.parametrize("pattern", READ)
def test_a_document_that_is_cut_off_is_named_with_what_to_do(noted: Lake, pattern: str, left: int) -> None:
    (path,) = Path(noted.url).glob(pattern)
    name, data = str(path.relative_to(noted.url)), path.read_bytes()
    assert check_documents(noted.storage, deep=True) == []
    path.write_bytes(data[:left])
    try:
        with pytest.raises((DocumentDamagedError, JournalTornError), match=path.name) as raised:
            READ[pattern](noted)
        assert "delete" in str(raised.value)
        (finding,) = check_documents(noted.storage, deep=True)
        assert (finding.kind, finding.file) == ("document", name)
        assert "delete" in finding.remedy
        assert len(check_documents(noted.storage, deep=False)) == ("batch" not in pattern)
    finally:
        path.write_bytes(data)


@pytest.mark.parametrize("pattern", ["plan.json", "metrics-*.json"])
def test_a_removal_with_one_wrong_key_is_named(lake: Lake, pattern: str) -> None:
    add_runs(lake, ["a"])
    end_sweep(lake, 1)
    remove(lake, planned(lake))
    (path,) = Path(lake.url, "_maintenance").glob(f"*/{pattern}")
    text = path.read_text()
    key = "at" if pattern == "plan.json" else "base"
    path.write_text(text.replace(f'"{key}":', '"wrong":', 1))
    (finding,) = check_documents(lake.storage, deep=False)
    assert (finding.kind, finding.file) == ("document", str(path.relative_to(lake.url)))
    with pytest.raises(DocumentDamagedError, match=path.name):
        [attempts(lake, record) for record in records(lake)]


def test_a_driver_whose_claim_is_damaged_lives_until_its_files_are_stale(lake: Lake) -> None:
    add_runs(lake, ["a"])
    end_sweep(lake, 1, status="interrupted")
    path = Path(lake.url, "_sweeps", SWEEP, "owner-000001.json")
    heartbeat = path.with_name("heartbeat-000001.json")
    path.write_bytes(b"")
    assert [finding.file for finding in check_documents(lake.storage, deep=False)] == [
        str(path.relative_to(lake.url))
    ]
    assert not is_live(lake, SWEEP)  # its last heartbeat says that it ended
    heartbeat.unlink()
    with pytest.raises(SweepOwnedError, match="a driver whose claim cannot be read"):
        require_free(lake, SWEEP)
    long_ago = path.stat().st_mtime - 2 * STALE_SECONDS
    os.utime(path, (long_ago, long_ago))
    assert not is_live(lake, SWEEP)
    assert remove(lake, planned(lake)) is not None
    assert rows_of(lake, "metrics") == []


def test_an_open_loss_that_is_damaged_hides_no_other_and_lets_its_sweep_be_removed(lake: Lake) -> None:
    for number in (1, 2):
        add_runs(lake, [f"r{number}"], number=number)
    end_sweep(lake, 2)
    for number in (1, 2):
        loss = Loss(SWEEP, "X", [(1, number, "X")], {}, id=str(number))
        loss.put(lake.storage)
        loss.finish(lake.storage)
    Path(lake.url, "_sweeps", SWEEP, "lost-1.json").write_bytes(b"")
    assert [loss.id for loss in all_open_losses(lake.storage)] == ["2"]
    assert len(open_losses(lake.storage, SWEEP)) == 2
    assert [finding.kind for finding in check_documents(lake.storage, deep=False)] == ["document"]
    with pytest.raises(DocumentDamagedError):
        lost_blocks(lake.storage, SWEEP)
    assert remove(lake, planned(lake)) is not None
    assert rows_of(lake, "metrics") == []


@pytest.mark.parametrize("kind", ["batch", "owner"])
def test_a_sweep_whose_journal_is_damaged_can_be_removed_as_its_error_says(lake: Lake, kind: str) -> None:
    add_runs(lake, ["a"])
    end_sweep(lake, 1, status="interrupted")
    (path,) = Path(lake.url, "_sweeps", SWEEP).glob(f"{kind}-*.json")
    path.write_bytes(path.read_bytes()[:20])
    assert len(retire(lake, [SWEEP])) == (kind == "owner")  # whose journal can be gone on with
    assert remove(open_lake(lake.url), planned(lake)) is not None
    assert rows_of(lake, "metrics") == []
