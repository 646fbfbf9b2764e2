"""Documents beside the tables that are cut off: named with what to do, by check and by who needs them."""

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
from lake.lost import Loss, unfinished_losses
from lake.ownership import newest_owner
from lake.pins import pin, pins
from lake.removal import Removal, plan_removal
from lake.removal_log import begin, records
from lake.remove import remove
from lake.retiring import retire
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of

READ: dict[str, Callable[[Lake], object]] = {
    "_sweeps/*/batch-*.json": lambda lake: list(Journal(lake, SWEEP).batches()),
    "_sweeps/*/owner-*.json": lambda lake: newest_owner(lake, SWEEP),
    "_sweeps/*/lost-*.json": lambda lake: unfinished_losses(lake.storage),
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
    begin(lake, planned(lake))
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


@pytest.mark.parametrize("kind", ["batch", "owner"])
def test_a_sweep_whose_journal_is_damaged_can_be_removed_as_its_error_says(lake: Lake, kind: str) -> None:
    add_runs(lake, ["a"])
    end_sweep(lake, 1, status="interrupted")
    (path,) = Path(lake.url, "_sweeps", SWEEP).glob(f"{kind}-*.json")
    path.write_bytes(path.read_bytes()[:20])
    assert retire(lake, [SWEEP]) == []
    assert remove(open_lake(lake.url), planned(lake)) is not None
    assert rows_of(lake, "metrics") == []
