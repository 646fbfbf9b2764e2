"""A repair beside a removal that was cut off before any row went: what an undo brings back can be resumed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import lake.remove as removing
from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake, open_lake
from lake.lost import open_losses
from lake.pins import pin
from lake.removal import plan_removal
from lake.remove import finish_removals, remove
from lake.sweep_log import newest_states
from sweeplake.checking import check
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of
from tests.lake.seam import KilledError


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"))


def killed(*_: object) -> None:
    raise KilledError


def status(lake: Lake) -> str:
    return str(next(newest_states(lake, [SWEEP]))[-1]["status"])


def test_what_it_takes_out_is_put_down_as_lost_though_the_sweep_is_called_removed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_runs(lake, ["a"])
    end_sweep(lake, 1, status="interrupted")
    choice = Choice("l", "sweep", frozenset({SWEEP}))
    plan = plan_removal(datetime.now(UTC), [choice], {SWEEP: 1}, lake.snapshot(), counter(lake.storage))
    with monkeypatch.context() as patch:
        patch.setattr(removing, "_perform", killed)
        with pytest.raises(KilledError):
            remove(lake, plan)
    assert status(lake) == "removed"
    (file,) = lake.snapshot(["metrics"])["metrics"].files
    Path(lake.url, "metrics", file.path).unlink()
    check(open_lake(lake.url), repair=True, drop_damaged=True)
    pin(lake, "sweep", SWEEP)
    assert [record.undone for record in finish_removals(open_lake(lake.url))] == [True]
    assert status(lake) == "interrupted"
    assert rows_of(lake, "metrics") == []
    assert [loss.blocks for loss in open_losses(lake.storage, SWEEP)] == [((1, 1, "X"),)]
