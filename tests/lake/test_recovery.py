"""Recovery: whatever a driver was doing when it died, or fell asleep, every run is in every table once."""

import itertools
import json
import os
import random
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from lake.commits import SweepTakenOverError, commit, fence_version
from lake.journal import Journal, JournalTornError, step
from lake.lake import Lake, open_lake
from lake.ownership import SweepOwnedError
from lake.recovery import BatchTornError, close, recover, roll_forward
from lake.schemas import COMMIT_ORDER
from lake.writer import write_rows
from tests.lake.drivers import PARTITION, SWEEP, TABLES, assert_exactly_once, batch, drive, owned, run_ids
from tests.lake.seam import At, Death, KilledError, watched


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes die here, not machines."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def killed(lake: Lake, place: int) -> bool:
    """Drive until a call of the storage; return whether it came so far."""
    death = Death(place)
    try:
        with watched(death):
            drive(lake)
    except KilledError:
        pass
    return death.reached


def killed_when(lake: Lake, condition: Callable[[], bool]) -> None:
    """Drive, and die as soon as something is so."""

    def happen() -> None:
        if condition():
            raise KilledError

    with suppress(KilledError), watched(happen):
        drive(lake)


def test_a_driver_that_dies_at_any_call_of_the_storage_is_finished_by_the_next(tmp_path: Path) -> None:
    chance = random.Random(1)
    for place in itertools.count(1):
        lake = open_lake(str(tmp_path / str(place)))
        reached = killed(lake, place)
        killed(lake, chance.randint(1, 40))  # and the second one at some call of its own
        drive(lake)
        assert_exactly_once(lake)
        if not reached:
            break
    assert place > 30


def test_a_recovery_that_dies_at_any_call_of_the_storage_is_finished_by_the_next(tmp_path: Path) -> None:
    for place in itertools.count(1):
        lake = open_lake(str(tmp_path / str(place)))
        killed_when(lake, lambda lake=lake: fence_version(lake, "trades", SWEEP) == step(1, 2))
        assert fence_version(lake, "trades", SWEEP) == step(1, 2)
        assert fence_version(lake, "details", SWEEP) == step(1, 1)
        reached = killed(lake, place)
        drive(lake)
        assert_exactly_once(lake)
        if not reached:
            break
    assert place > 15


def test_a_driver_that_sleeps_at_any_call_while_another_takes_over_doubles_nothing(tmp_path: Path) -> None:
    stopped = 0
    for place in itertools.count(1):
        lake = open_lake(str(tmp_path / str(place)))
        other = At(place, lambda lake=lake: drive(lake))
        try:
            with watched(other):
                drive(lake)
        except (SweepOwnedError, SweepTakenOverError):
            stopped += 1
        assert_exactly_once(lake)
        if not other.reached:
            break
    assert stopped > 20


def test_a_driver_that_sleeps_while_another_dies_in_its_recovery_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(2)
    for attempt in range(10):
        lake = open_lake(str(tmp_path / str(attempt)))
        dying = chance.randint(5, 24)
        other = At(chance.randint(8, 26), lambda lake=lake, dying=dying: killed(lake, dying))
        try:
            with watched(other):
                drive(lake)
        except (SweepOwnedError, SweepTakenOverError):
            pass
        drive(lake)
        assert_exactly_once(lake)


def test_an_epoch_that_is_closed_takes_no_batch(lake: Lake) -> None:
    owned(lake)
    zombie = Journal(lake, SWEEP)
    zombie.commit(batch(lake, 1, 1, 0))
    close(Journal(lake, SWEEP, 2), 1)
    close(Journal(lake, SWEEP, 3), 1)
    with pytest.raises(SweepTakenOverError, match="epoch 2"):
        zombie.commit(batch(lake, 1, 2, 1))
    assert [held.number for held in zombie.batches()] == [1]
    assert run_ids(lake, "metrics") == ["r0"]


def test_recovery_shuts_earlier_drivers_out_of_every_table(lake: Lake) -> None:
    late = batch(lake, 1, 1, 0)
    owned(lake, epochs=2)
    recover(Journal(lake, SWEEP, 2), lambda _: None)
    assert {fence_version(lake, table, SWEEP) for table in COMMIT_ORDER} == {step(2)}
    with pytest.raises(SweepTakenOverError):
        Journal(lake, SWEEP).apply(late)
    assert run_ids(lake, "trades") == []


@pytest.mark.parametrize("done", range(len(TABLES)))
@pytest.mark.parametrize("damage", ["deleted", "cut"])
def test_a_batch_that_lost_a_file_is_computed_again_as_a_whole(
    lake: Lake, tmp_path: Path, done: int, damage: str
) -> None:
    owned(lake, epochs=3)
    journal = Journal(lake, SWEEP)
    torn = batch(lake, 1, 1, 0)
    journal.put(torn)
    for file in torn.files[:done]:
        commit(lake, file.table, [file], fence=journal.fence(torn.step))
    lost = tmp_path / "lake" / torn.files[-1].table / torn.files[-1].path
    if damage == "deleted":
        lost.unlink()
    else:
        lost.write_bytes(lost.read_bytes()[:-1])
    finished: list[object] = []
    for epoch in (2, 3):
        recover(Journal(lake, SWEEP, epoch), finished.append)
        assert [run_ids(lake, table) for table in TABLES] == [[], [], []]
    assert finished == []
    drive(lake)
    assert_exactly_once(lake)


def test_a_torn_batch_whose_rows_were_merged_with_others_is_told(lake: Lake) -> None:
    owned(lake, epochs=2)
    journal = Journal(lake, SWEEP)
    torn = batch(lake, 1, 1, 0)
    journal.put(torn)
    commit(lake, "trades", [torn.files[0]], fence=journal.fence(torn.step))
    held = lake.snapshot(["trades"])
    merged = write_rows(lake.storage, "trades", held.read("trades").select(["sweep_id", "run_id"]), PARTITION)
    commit(lake, "trades", [merged], removes=held["trades"].files)
    lake.storage.delete([f"details/{torn.files[-1].path}"])
    with pytest.raises(BatchTornError, match=f"sweeplake delete {SWEEP}"):
        recover(Journal(lake, SWEEP, 2), lambda _: None)


def test_rolling_forward_beside_the_driver_itself_doubles_nothing(lake: Lake) -> None:
    owned(lake)
    journal = Journal(lake, SWEEP)
    journal.put(batch(lake, 1, 1, 0))
    seen: list[object] = []
    for _ in range(2):
        assert roll_forward(Journal(lake, SWEEP), seen.append) == []
    journal.commit(next(journal.batches()))
    assert seen == [{"lo": 0}, {"lo": 0}]
    assert [run_ids(lake, table) for table in TABLES] == [["r0"]] * 3


def test_what_closes_an_epoch_looks_like_an_empty_batch_to_who_lists_files(lake: Lake) -> None:
    close(Journal(lake, SWEEP, 2), 1)
    (name,) = lake.storage.list("_sweeps/w")
    document = json.loads(lake.storage.read(f"_sweeps/w/{name}"))
    assert (document["blocks"], document["files"], document["closed_by"]) == ([], [], 2)


@pytest.mark.parametrize("gone", ["batch-", "batch-000001-00000002", "owner-", "owner-000001", ""])
def test_a_sweep_whose_journal_has_lost_parts_is_not_gone_on_with(lake: Lake, gone: str) -> None:
    drive(lake)
    folder = "_sweeps/w"
    names = [name for name in lake.storage.list(folder) if name.startswith(gone)]
    lake.storage.delete([f"{folder}/{name}" for name in names])
    with pytest.raises(JournalTornError, match="sweeplake delete w"):
        drive(lake)
    for _ in range(3):  # whoever tries again owns another epoch; owners alone were no loss
        with nullcontext() if "owner" in gone else pytest.raises(JournalTornError):
            drive(lake)
    assert_exactly_once(lake)


def test_a_sweep_whose_second_driver_s_journal_is_gone_is_not_gone_on_with(lake: Lake) -> None:
    for _ in range(2):
        drive(lake)
    lake.storage.delete([f"_sweeps/w/{name}" for name in lake.storage.list("_sweeps/w")])
    for _ in range(4):
        with pytest.raises(JournalTornError):
            drive(lake)
    assert_exactly_once(lake)
