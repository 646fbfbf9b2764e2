"""A commit that was lost, or may have been: the sweep ends as interrupted, and resume makes it whole."""

from collections.abc import Callable
from pathlib import Path

import pytest
from distributed import Client

import sweeplake as sl
from lake import commits
from lake.errors import LakeUnreachableError, LakeUnwritableError
from lake.storage import Storage
from sweeplake.lake import Lake
from sweeps.execution import ledger
from sweeps.execution.outcome import SweepCutOffError
from tests.e2e.stored import stored

SWEEP = """
    name = "cut off"
    strategy = "sma_cross"
    symbols = ["AAA"]
    timeframe = "1d"
    [grid]
    fast = { start = 2, stop = 12, step = 1 }
    slow = { start = 20, stop = 30, step = 1 }
    [details]
    keep = "all"
    """
LOG = "metrics/_delta_log/"
STATES = "sweeps/_delta_log/"
put, read = Storage.put_if_absent, Storage.read_if_there


def fail(monkeypatch: pytest.MonkeyPatch, *, known: bool) -> None:
    """Lose the answer of every commit to `metrics`, and, if it is not known, of every question since."""
    sent: list[str] = []

    def lost(storage: Storage, relative: str, data: bytes) -> bool:
        if not relative.startswith(LOG):
            return put(storage, relative, data)
        if not known:
            sent.append(relative)
            put(storage, relative, data)
        raise LakeUnwritableError(storage.url, "connection reset")

    def away(storage: Storage, relative: str) -> bytes | None:
        if relative in sent:
            raise LakeUnreachableError(storage.url, "connection refused")
        return read(storage, relative)

    monkeypatch.setattr(commits, "ATTEMPTS", 2)
    monkeypatch.setattr(Storage, "put_if_absent", lost)
    monkeypatch.setattr(Storage, "read_if_there", away)


@pytest.mark.parametrize("known", [True, False], ids=["lost", "unknown"])
def test_a_sweep_whose_commit_may_be_lost_is_interrupted_and_goes_on(
    small_lake: Lake,
    client: Client,
    write: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    *,
    known: bool,
) -> None:
    monkeypatch.setattr(ledger, "BATCH_SECONDS", 0.0)
    config = write(sweep__toml=SWEEP)
    sl.run(config, lake=small_lake, client=client)  # the tables are there
    kind = "CommitLostError" if known else "CommitUnknownError"
    with monkeypatch.context() as patch:
        fail(patch, known=known)
        with pytest.raises(SweepCutOffError, match="to go on: `sweeplake resume ") as cut:
            sl.run(config, lake=small_lake, client=client)
    assert type(cut.value.__cause__).__name__ == kind
    sweep_id = cut.value.sweep_id
    states = stored(small_lake, "sweeps", sweep_id).sort_values("at")
    assert list(states["status"]) == ["running", "interrupted"]
    assert states["error"].iloc[-1].startswith(kind)
    outcome = sl.resume(sweep_id, lake=small_lake, client=client).outcome
    assert outcome is not None
    assert (outcome.status, outcome.computed) == ("finished", 121)
    metrics = stored(small_lake, "metrics", sweep_id)
    assert (len(metrics), metrics["run_id"].is_unique) == (121, True)
    assert set(stored(small_lake, "details", sweep_id)["run_id"]) == set(metrics["run_id"])


def lose_the_answer_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a sweep's end and do not say so, nor when asked for it once; then the storage answers again."""
    entries, asked = list[str](), list[str]()

    def is_doubtful(relative: str) -> bool:
        return not asked and relative in entries[1:]  # the first says that it runs

    def lost(storage: Storage, relative: str, data: bytes) -> bool:
        if relative.startswith(STATES) and relative not in entries:
            entries.append(relative)
        taken = put(storage, relative, data)
        if is_doubtful(relative):
            raise LakeUnwritableError(storage.url, "connection reset")
        return taken

    def away(storage: Storage, relative: str) -> bytes | None:
        if is_doubtful(relative):
            asked.append(relative)
            raise LakeUnreachableError(storage.url, "connection refused")
        return read(storage, relative)

    monkeypatch.setattr(commits, "ATTEMPTS", 2)
    monkeypatch.setattr(Storage, "put_if_absent", lost)
    monkeypatch.setattr(Storage, "read_if_there", away)


def test_a_sweep_whose_end_may_be_lost_has_no_other_end(
    small_lake: Lake, client: Client, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(sweep__toml=SWEEP)
    sl.run(config, lake=small_lake, client=client)  # the tables are there
    with monkeypatch.context() as patch:
        lose_the_answer_of_the_end(patch)
        with pytest.raises(SweepCutOffError, match="it is not known whether a commit was taken") as cut:
            sl.run(config, lake=small_lake, client=client)
    sweep_id = cut.value.sweep_id
    assert list(stored(small_lake, "sweeps", sweep_id).sort_values("at")["status"]) == ["running", "finished"]
    outcome = sl.resume(sweep_id, lake=small_lake, client=client).outcome
    assert outcome is not None
    assert (outcome.status, outcome.computed) == ("finished", 121)
    assert len(stored(small_lake, "sweeps", sweep_id)) == len(["running", "finished"])
