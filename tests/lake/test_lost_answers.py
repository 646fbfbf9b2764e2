"""Lost answers: a commit that was taken is told from one that failed, whatever the storage says of it."""

from collections.abc import Callable

import pytest

from lake import commits, sweep_log
from lake.commits import (
    CommitConflictError,
    CommitLostError,
    CommitUnknownError,
    Fence,
    SweepTakenOverError,
    commit,
    fence_version,
)
from lake.errors import LakeUnreachableError, LakeUnwritableError
from lake.journal import Journal, step
from lake.lake import Lake, open_lake
from lake.storage import Storage
from tests.lake.drivers import TABLES, batch, run_ids

UNPLUGGED = LakeUnwritableError("the lake", "connection reset")
FENCES = [None, Fence("w", step(1, 1), epoch=1), Fence("maintenance", 1, exclusive=True)]
put = Storage.put_if_absent


def once(act: Callable[[], None], *, after: bool = True) -> Callable[..., bool]:
    """Return the real putting of an entry but the first, and do something once after it, or before it."""
    left = [act]

    def send(storage: Storage, relative: str, data: bytes) -> bool:
        is_entry = "/_delta_log/" in relative and not relative.endswith(f"/{0:020d}.json")
        if is_entry and left and not after:
            left.pop()()
        written = put(storage, relative, data)
        if is_entry and left and after:
            left.pop()()
        return written

    return send


def unplugged() -> None:
    raise UNPLUGGED


@pytest.mark.parametrize("fence", FENCES, ids=["plain", "sweep", "maintenance"])
@pytest.mark.parametrize("after", [True, False], ids=["taken", "failed"])
def test_a_commit_is_taken_once_whether_or_not_its_answer_came(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, *, fence: Fence | None, after: bool
) -> None:
    monkeypatch.setattr(Storage, "put_if_absent", once(unplugged, after=after))
    file = batch(lake, 1, 1, 0).files[1]
    version = commit(lake, "metrics", [file], fence=fence)
    assert run_ids(lake, "metrics") == ["r0"]
    assert lake.snapshot(["metrics"])["metrics"].version == version == 1


def test_a_plain_append_that_compaction_swallowed_meanwhile_is_not_appended_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, merged = (batch(lake, 1, 1, 0).files[1] for _ in range(2))

    def compacted() -> None:
        held = lake.snapshot(["metrics"])["metrics"].files
        commit(lake, "metrics", [merged], removes=held, fence=Fence("maintenance", 1, exclusive=True))
        raise UNPLUGGED

    monkeypatch.setattr(Storage, "put_if_absent", once(compacted))
    commit(lake, "metrics", [first])
    assert run_ids(lake, "metrics") == ["r0"]


def test_a_rival_s_exclusive_step_is_still_a_conflict(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    fence = Fence("maintenance", 1, exclusive=True)
    mine, rival = (batch(lake, 1, 1, block).files[1] for block in (0, 1))
    monkeypatch.setattr(
        Storage,
        "put_if_absent",
        once(lambda: commit(lake, "metrics", [rival], fence=fence) and None, after=False),
    )
    with pytest.raises(CommitConflictError):
        commit(lake, "metrics", [mine], fence=fence)
    assert run_ids(lake, "metrics") == ["r1"]


def test_a_zombie_that_wakes_up_during_a_retry_is_stopped(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = batch(lake, 1, 1, 0)

    def taken_over() -> None:
        commit(lake, "metrics", [], fence=Fence("w", step(2), epoch=2))
        raise UNPLUGGED

    monkeypatch.setattr(Storage, "put_if_absent", once(taken_over, after=False))
    with pytest.raises(SweepTakenOverError, match="epoch 2"):
        commit(lake, "metrics", [late.files[1]], fence=Journal(lake, "w").fence(late.step))
    assert run_ids(lake, "metrics") == []


def test_a_state_is_recorded_once_and_not_by_a_driver_that_was_taken_over(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"sweep_id": "w", "status": "running"}
    for fence in (None, Fence("w", step(2, 1), epoch=2)):
        with monkeypatch.context() as patch:
            patch.setattr(Storage, "put_if_absent", once(unplugged))
            sweep_log.record_state(lake, state, fence)
    with pytest.raises(SweepTakenOverError):
        sweep_log.record_state(lake, state, Fence("w", step(1, 2), epoch=1))
    assert lake.snapshot(["sweeps"]).read("sweeps").num_rows == 2


def test_a_storage_that_stays_away_leaves_it_open_whether_a_commit_was_taken(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = batch(lake, 1, 1, 0).files[1]
    commit(lake, "metrics", [], fence=Fence("w", 0))
    with monkeypatch.context() as patch:
        patch.setattr(commits, "ATTEMPTS", 3)

        def away(*_: object) -> None:
            raise LakeUnreachableError(lake.url, "connection refused")

        def lost(storage: Storage, relative: str, data: bytes) -> bool:
            put(storage, relative, data)
            raise UNPLUGGED

        patch.setattr(Storage, "put_if_absent", lost)
        patch.setattr(Storage, "read_if_there", away)
        with pytest.raises(CommitUnknownError, match="all of it is visible or nothing"):
            commit(lake, "metrics", [file], fence=Fence("w", 1))
    for again in (lake, open_lake(lake.url)):
        commit(again, "metrics", [file], fence=Fence("w", 1))
    assert run_ids(lake, "metrics") == ["r0"]


def test_a_commit_that_always_fails_is_told_to_have_failed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = batch(lake, 1, 1, 0).files[1]
    commit(lake, "metrics", [])

    def full(*_: object) -> bool:
        raise LakeUnwritableError(lake.url, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(commits, "ATTEMPTS", 3)
        patch.setattr(Storage, "put_if_absent", full)
        with pytest.raises(CommitLostError, match=r"No space left on device.*nothing of it is visible"):
            commit(lake, "metrics", [file])
    assert run_ids(lake, "metrics") == []


def test_a_batch_whose_answer_was_lost_is_the_driver_s_own(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_twice(storage: Storage, relative: str, data: bytes) -> bool:
        put(storage, relative, data)  # as a storage does that was not answered
        return put(storage, relative, data)

    monkeypatch.setattr(Storage, "put_if_absent", asked_twice)
    Journal(lake, "w").commit(batch(lake, 1, 1, 0))
    assert [run_ids(lake, table) for table in TABLES] == [["r0"]] * 3
    assert fence_version(lake, "details", "w") == step(1, 1)
