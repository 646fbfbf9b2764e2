"""Cancelling, and committing again, beside others that end the sweep: whoever was first has ended it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lake import ownership
from lake.journal import Batch, Journal, step
from lake.lake import Lake, open_lake
from lake.ownership import Ownership, claim
from lake.recovery import recover
from lake.sweep_log import CANCELLED, FINISHED, INTERRUPTED, RUNNING, newest_states, record_state
from sweeplake.settling import settle_all
from sweeps.execution import cancel as cancelling
from sweeps.execution import settle as settling
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of, write_runs

Act = Callable[[], None]


class _Killed(BaseException):
    """Stands for the death of the process."""


on_any_storage = pytest.mark.parametrize("lake", ["disk", "s3"], indirect=True)


@pytest.fixture
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """A sweep that says that it runs, whose journal has a run more than its tables; nobody drives it."""
    on_s3 = getattr(request, "param", "disk") == "s3"
    made = open_lake(request.getfixturevalue("bucket").url if on_s3 else str(tmp_path / "lake"))
    add_runs(made, ["a"])
    block = {"phase": "runs", "symbol": "X", "lo": 1, "hi": 2, "runs": 1, "failed": 0}
    Journal(made, SWEEP).put(Batch(1, 2, (block,), tuple(write_runs(made, ["b"]))))
    end_sweep(made, 2, status=RUNNING)
    return made


def states(lake: Lake) -> list[dict[str, Any]]:
    """Return all states of the sweep, as a process reads them that knows nothing yet."""
    return next(newest_states(open_lake(lake.url), [SWEEP]))


def statuses(lake: Lake) -> list[str]:
    return [state["status"] for state in states(lake)]


def ended_by_a_driver(lake: Lake, status: str, **counts: object) -> None:
    """Own the sweep, commit what is left, and end it, as a driver in another process."""
    other = open_lake(lake.url)
    with claim(other, SWEEP, take_over=True) as owned:
        journal = Journal(other, SWEEP, owned.epoch)
        recover(journal, lambda _: None)
        state = {name: value for name, value in states(other)[-1].items() if name != "at"}
        record_state(other, {**state, **counts, "status": status}, journal.fence(step(owned.epoch, 1)))


def cancelled_by_another(lake: Lake) -> None:
    assert cancelling.cancel(SWEEP, open_lake(lake.url)).status == CANCELLED


def without_a_word(owned: Ownership, *_: object) -> None:
    """Let a heart stand still, as that of a process that was killed."""
    owned._ended.set()
    owned._thread.join()


def first(monkeypatch: pytest.MonkeyPatch, module: object, step_name: str, act: Act) -> None:
    """Let something happen once, before a step of who is under test."""
    real = getattr(module, step_name)

    def late(*arguments: object, **named: object) -> object:
        monkeypatch.setattr(module, step_name, real)
        act()
        return real(*arguments, **named)

    monkeypatch.setattr(module, step_name, late)


@on_any_storage
@pytest.mark.parametrize("moment", ["live_owner", "claim"])
@pytest.mark.parametrize("end", [CANCELLED, FINISHED])
def test_a_driver_that_ends_after_its_state_was_read_has_ended_the_sweep(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, moment: str, end: str
) -> None:
    first(monkeypatch, cancelling, moment, lambda: ended_by_a_driver(lake, end))
    assert cancelling.cancel(SWEEP, open_lake(lake.url)).status == end
    assert statuses(lake) == [RUNNING, end]
    assert rows_of(lake, "metrics") == rows_of(lake, "details") == ["a", "b"]


@on_any_storage
def test_of_two_that_cancel_a_sweep_one_does(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    first(monkeypatch, cancelling, "claim", lambda: cancelled_by_another(lake))
    cancelled_by_another(lake)
    assert statuses(lake) == [RUNNING, CANCELLED]
    assert rows_of(lake, "metrics") == ["a", "b"]


def test_what_an_interrupted_driver_told_last_is_what_a_cancellation_tells(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"seconds": 12.5, "trials": "{}"}
    first(monkeypatch, cancelling, "claim", lambda: ended_by_a_driver(lake, INTERRUPTED, **told))
    cancelled_by_another(lake)
    assert statuses(lake) == [RUNNING, INTERRUPTED, CANCELLED]
    assert {name: states(lake)[-1][name] for name in told} == told


@pytest.mark.parametrize("moment", ["recover", "check_kept", "record_state"])
@pytest.mark.parametrize("end", [CANCELLED, FINISHED])
def test_one_that_stood_still_until_another_ended_the_sweep_tells_that_end(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, moment: str, end: str
) -> None:
    first(monkeypatch, cancelling, moment, lambda: ended_by_a_driver(lake, end))
    assert cancelling.cancel(SWEEP, open_lake(lake.url)).status == end
    assert statuses(lake) == [RUNNING, end]


@pytest.mark.parametrize("moment", ["claim", "recover", "check_kept", "record_state", "outcome_of"])
def test_a_cancellation_that_died_is_finished_by_the_next(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(Ownership, "__exit__", without_a_word)
        patch.setattr(cancelling, moment, die)
        with pytest.raises(_Killed):
            cancelling.cancel(SWEEP, open_lake(lake.url))
    monkeypatch.setattr(ownership, "STALE_SECONDS", 0.0)
    cancelled_by_another(lake)
    assert statuses(lake) == [RUNNING, CANCELLED]
    assert rows_of(lake, "metrics") == rows_of(lake, "details") == ["a", "b"]


def test_what_commits_a_finished_sweep_again_leaves_it_cancelled_if_it_was_meanwhile(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted_and_cancelled() -> None:
        ended_by_a_driver(lake, INTERRUPTED)  # as by a repair that found blocks of it open
        cancelled_by_another(lake)

    end_sweep(lake, 2, status=FINISHED)
    first(monkeypatch, settling, "claim", interrupted_and_cancelled)
    assert settle_all(open_lake(lake.url)).left == []
    assert statuses(lake) == [RUNNING, FINISHED, INTERRUPTED, CANCELLED]
    assert rows_of(lake, "metrics") == ["a", "b"]
