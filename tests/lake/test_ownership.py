"""Ownership: one driver an epoch, and whether it is alive is told by the storage's own clock."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from lake import ownership
from lake.lake import Lake
from lake.ownership import (
    STALE_SECONDS,
    SweepOwnedError,
    ask_to_stop,
    claim,
    is_live,
    live_owner,
    require_free,
)
from lake.storage import Storage


def age(lake: Lake, name: str, seconds: float) -> None:
    """Make a file of the journal older."""
    path = Path(lake.storage.path(f"_sweeps/w/{name}"))
    at = path.stat().st_mtime - seconds
    os.utime(path, (at, at))


def heartbeat(lake: Lake) -> dict[str, object]:
    document: dict[str, object] = json.loads(lake.storage.read("_sweeps/w/heartbeat-000001.json"))
    return document


def test_a_sweep_that_nobody_claimed_is_free(lake: Lake) -> None:
    assert not is_live(lake, "w")
    assert live_owner(lake, "w") is None
    require_free(lake, "w")
    assert not Path(lake.storage.root).exists()


def test_a_second_driver_is_told_who_runs_the_sweep_since_when_and_what_to_do(lake: Lake) -> None:
    with claim(lake, "w") as mine:
        assert mine.epoch == 1
        assert is_live(lake, "w")
        for attempt in (claim, require_free):
            with pytest.raises(SweepOwnedError, match=rf":{os.getpid()} since 20.*resume w --take-over"):
                attempt(lake, "w")
    assert [name for name in lake.storage.list("_sweeps/w") if "probe" in name] == []


def test_a_sweep_whose_driver_ended_is_free_at_once(lake: Lake) -> None:
    with claim(lake, "w"):
        pass
    assert not is_live(lake, "w")
    with claim(lake, "w") as second:
        assert second.epoch == 2
        assert is_live(lake, "w")


def test_a_driver_that_died_leaves_the_sweep_when_its_heartbeat_is_stale(lake: Lake) -> None:
    claim(lake, "w").__enter__()._ended.wait(0)  # it never ends, as after SIGKILL
    age(lake, "heartbeat-000001.json", STALE_SECONDS - 5)
    assert is_live(lake, "w")
    age(lake, "heartbeat-000001.json", 10)
    assert not is_live(lake, "w")
    assert claim(lake, "w").epoch == 2


def test_a_driver_that_has_only_just_claimed_is_alive(lake: Lake) -> None:
    claim(lake, "w")
    assert is_live(lake, "w")
    age(lake, "owner-000001.json", STALE_SECONDS + 1)
    assert not is_live(lake, "w")


def test_taking_over_claims_the_next_epoch_of_a_living_driver(lake: Lake) -> None:
    with claim(lake, "w") as first, claim(lake, "w", take_over=True) as second:
        assert (first.epoch, second.epoch) == (1, 2)
        live = live_owner(lake, "w")
        assert live is not None
        assert live.epoch == 2


def test_the_clock_of_this_machine_is_not_asked(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with claim(lake, "w"):
        monkeypatch.setattr(time, "time", lambda: 0.0)
        assert is_live(lake, "w")


def test_a_heart_beats(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "BEAT_SECONDS", 0.01)
    beaten = threading.Event()
    put = Storage.put

    def noticed(storage: Storage, relative: str, data: bytes) -> None:
        put(storage, relative, data)
        if threading.current_thread().name == "heartbeat":
            beaten.set()

    monkeypatch.setattr(Storage, "put", noticed)
    with claim(lake, "w"):
        assert beaten.wait(30)
        assert heartbeat(lake)["ended"] is False
    assert heartbeat(lake)["ended"] is True


def test_of_drivers_that_claim_together_one_gets_the_sweep(lake: Lake) -> None:
    start, got = threading.Barrier(4), []

    def race() -> None:
        start.wait()
        try:
            got.append(claim(lake, "w", take_over=False).epoch)
        except SweepOwnedError:
            got.append(0)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(got) == [0, 0, 0, 1]


def test_a_claim_whose_answer_was_lost_is_known_by_its_token(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Storage.put_if_absent

    def asked_twice(storage: Storage, relative: str, data: bytes) -> bool:
        put(storage, relative, data)  # as a storage does that was not answered
        return put(storage, relative, data)

    monkeypatch.setattr(Storage, "put_if_absent", asked_twice)
    assert claim(lake, "w").epoch == 1


def test_a_driver_finds_with_a_beat_that_it_was_taken_over(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "BEAT_SECONDS", 0.01)
    with claim(lake, "w") as mine:
        assert not mine.is_taken_over()
        claim(lake, "w", take_over=True)
        until = time.monotonic() + 10
        while not (mine.is_taken_over() and mine.is_asked_to_stop()):
            assert time.monotonic() < until
            time.sleep(0.01)


def test_a_driver_finds_with_a_beat_that_it_is_asked_to_stop(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "BEAT_SECONDS", 0.01)
    with claim(lake, "w") as mine:
        claimed = live_owner(lake, "w")
        assert claimed is not None
        assert not mine.is_asked_to_stop()
        for _ in range(2):
            ask_to_stop(lake, claimed)
        until = time.monotonic() + 10
        while not mine.is_asked_to_stop():
            assert time.monotonic() < until
            time.sleep(0.01)
    with claim(lake, "w") as second:
        time.sleep(0.1)
        assert not second.is_asked_to_stop()
