"""A removal beside `cancel` and beside what commits again: the sweep is gone, or was never touched."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.journal import Batch, Journal
from lake.lake import Lake, open_lake
from lake.lost import Loss
from lake.ownership import SweepOwnedError, claim
from lake.policy import Age, Keep, Policy
from lake.remove import remove
from lake.sweep_log import FINISHED, REMOVED, newest_states
from sweeplake.retention import plan_deletion, plan_retention
from sweeplake.settling import settle_all
from sweeps.execution import cancel as cancelling
from sweeps.execution import settle as settling
from sweeps.execution.start import SweepRemovedError
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of, write_runs


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A sweep whose journal has a run more than its tables."""
    made = open_lake(str(tmp_path / "lake"))
    add_runs(made, ["a"])
    block = {"phase": "runs", "symbol": "X", "lo": 1, "hi": 2, "runs": 1, "failed": 0}
    Journal(made, SWEEP).put(Batch(1, 2, (block,), tuple(write_runs(made, ["b"]))))
    end_sweep(made, 2)
    return made


def delete(lake: Lake) -> None:
    """Delete the sweep, in a process of its own."""
    other = open_lake(lake.url)
    remove(other, plan_deletion(other, SWEEP))


def states(lake: Lake) -> list[str]:
    return [str(state["status"]) for state in next(newest_states(open_lake(lake.url), [SWEEP]))]


def planned(lake: Lake, policy: Policy) -> set[str]:
    plan = plan_retention(lake, policy, datetime.now(UTC) + timedelta(days=1))
    return {sweep for line in plan.lines for sweep in line.gone}


def test_a_sweep_that_goes_while_it_is_cancelled_stays_removed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_sweep(lake, 2, status="interrupted")
    real = cancelling.claim

    def late(*arguments: object, **named: object) -> object:
        delete(lake)
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(cancelling, "claim", late)
    with pytest.raises(SweepRemovedError, match=SWEEP):
        cancelling.cancel(SWEEP, open_lake(lake.url))
    assert states(lake)[-1] == REMOVED
    assert rows_of(lake, "metrics") == rows_of(lake, "details") == []


def test_a_sweep_that_goes_before_it_is_committed_again_stays_removed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = settling.claim

    def late(*arguments: object, **named: object) -> object:
        monkeypatch.setattr(settling, "claim", real)
        delete(lake)
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(settling, "claim", late)
    settled = settle_all(lake)
    assert (settled.done, settled.left) == ([], [])
    assert states(lake) == [FINISHED, REMOVED]
    assert rows_of(lake, "metrics") == rows_of(lake, "details") == []


@pytest.mark.parametrize("policy", [Policy(age=Age(sweeps=timedelta(minutes=1))), Policy(keep=Keep(0))])
def test_a_finished_sweep_is_not_removed_while_it_is_committed_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, policy: Policy
) -> None:
    before, real, seen = plan_deletion(lake, SWEEP), settling.recover, list[set[str]]()
    assert planned(lake, policy) == {SWEEP}

    def beside(*arguments: object) -> None:
        seen.append(planned(open_lake(lake.url), policy))
        with pytest.raises(SweepOwnedError, match=SWEEP):
            remove(open_lake(lake.url), before)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(settling, "recover", beside)
    assert len(settle_all(lake).done) == 1
    assert seen == [set()]
    assert states(lake) == [FINISHED, FINISHED]
    assert rows_of(lake, "metrics") == ["a", "b"]
    assert planned(open_lake(lake.url), policy) == {SWEEP}


def test_details_of_a_finished_sweep_stay_while_it_is_committed_again(lake: Lake) -> None:
    policy = Policy(age=Age(details=timedelta(minutes=1)))
    at = datetime.now(UTC) + timedelta(days=1)
    assert not plan_retention(lake, policy, at).empty
    with claim(lake, SWEEP):
        assert plan_retention(lake, policy, at).empty


@pytest.mark.parametrize("damaged", ["lost-*.json", "owner-*.json"])
@pytest.mark.parametrize("status", ["finished", "interrupted", "running"])
def test_a_sweep_with_a_damaged_document_can_be_removed_as_its_remedy_says(
    lake: Lake, status: str, damaged: str
) -> None:
    loss = Loss(SWEEP, "X", [(1, 1, "X")], {})
    loss.put(lake.storage)
    loss.finish(lake.storage)
    end_sweep(lake, 2, status=status)
    (path,) = Path(lake.url, "_sweeps", SWEEP).glob(damaged)
    path.write_bytes(path.read_bytes()[:20])
    delete(lake)
    assert states(lake)[-1] == REMOVED
    assert rows_of(lake, "metrics") == []
