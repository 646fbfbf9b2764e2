"""Details that a removal or a repair began to take from a sweep that goes on: none doubled, none half."""

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

import sweeplake as sl
from lake import journal as journaling
from lake.lake import open_lake
from lake.ownership import SweepOwnedError, claim
from lake.policy import Age, Policy
from lake.removal import Removal
from lake.remove import finish_removals, remove
from lake.repair import drop_runs
from sweeplake.checking import check
from sweeplake.retention import plan_retention
from sweeps.execution.ledger import Ledger
from tests.lake.seam import Death, KilledError, deaths, strided, watched

DETAILS = ("details", "trades", "equity")
POLICY = Policy(age=Age(details=timedelta(hours=1)))


@pytest.fixture
def stopped(bars_lake: Path, files: Path, client: Client, tmp_path: Path) -> tuple[Path, str]:
    """A lake with a sweep that was interrupted when it had half of its details."""
    folder = shutil.copytree(bars_lake, tmp_path / "lake")
    add = Ledger.add

    def adding(ledger: Ledger, receipt: Any) -> bool:
        done = add(ledger, receipt)
        if receipt.block.details:
            ledger.flush()
            raise KeyboardInterrupt
        return done

    with pytest.MonkeyPatch.context() as patch, sl.open(folder) as lake:
        patch.setattr(Ledger, "add", adding)
        return folder, sl.run(files / "cross.toml", lake=lake, client=client).sweep_id


@pytest.fixture(autouse=True)
def _no_crash_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def counts(folder: Path) -> dict[str, int]:
    snapshot = open_lake(str(folder)).snapshot()
    return {table: snapshot.read(table).num_rows for table in DETAILS}


def planned(folder: Path) -> Removal:
    """The details of the sweep, which are old."""
    plan = plan_retention(open_lake(str(folder)), POLICY, datetime.now(UTC) + timedelta(hours=2))
    assert [choice.scope for choice in plan.choices] == ["details"]
    return plan


def wrong(folder: Path) -> list[str]:
    return [found.text for found in check(open_lake(str(folder))).findings if not found.harmless]


def finished(folder: Path, sweep: str, client: Client) -> dict[str, int]:
    """Resume; return what is there then."""
    resumed = sl.resume(sweep, lake=str(folder), client=client)
    assert resumed.outcome is not None
    assert resumed.outcome.status == "finished"
    assert wrong(folder) == []
    return counts(folder)


@pytest.fixture
def whole(stopped: tuple[Path, str], client: Client, tmp_path: Path) -> dict[str, int]:
    """What is there once the sweep has ended and nothing was removed."""
    folder, sweep = stopped
    return finished(shutil.copytree(folder, tmp_path / "whole"), sweep, client)


@strided(5)
def test_a_removal_that_died_at_any_call_gives_way_to_who_goes_on(
    stopped: tuple[Path, str], whole: dict[str, int], client: Client, tmp_path: Path, stride: int
) -> None:
    folder, sweep = stopped
    plan, before, half = planned(folder), counts(folder), 0
    for cut in deaths(folder, tmp_path, lambda copy: remove(open_lake(str(copy)), plan), stride=stride):
        half += counts(cut) != before
        assert finished(cut, sweep, client) == whole
        finish_removals(open_lake(str(cut)))
        assert counts(cut) == whole
        assert wrong(cut) == []
    assert half > 1


@strided(2)
def test_a_repair_that_died_at_any_call_doubles_nothing_of_who_goes_on(
    stopped: tuple[Path, str], whole: dict[str, int], client: Client, tmp_path: Path, stride: int
) -> None:
    folder, sweep = stopped
    pairs = open_lake(str(folder)).snapshot().read("details", columns=["sweep_id", "run_id"])
    before, half = counts(folder), 0

    def repair(copy: Path) -> None:
        drop_runs(open_lake(str(copy)), ("details", "equity", "trades"), pairs, "repair")

    for cut in deaths(folder, tmp_path, repair, stride=stride):
        half += counts(cut) != before
        assert finished(cut, sweep, client) == whole
    assert half > 1


def test_a_removal_is_not_finished_within_a_commit_of_a_live_driver(
    stopped: tuple[Path, str], whole: dict[str, int], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, sweep = stopped
    with pytest.raises(KilledError), watched(Death(30)):
        remove(open_lake(str(folder)), planned(folder))
    real, ended = journaling.commit, []

    def commit(lake: Any, table: str, files: Sequence[Any], **more: Any) -> int:
        if table == "details" and files and not ended:
            ended.append(finish_removals(open_lake(lake.url)))
        return real(lake, table, files, **more)

    monkeypatch.setattr(journaling, "commit", commit)
    assert finished(folder, sweep, client) == whole
    assert ended == [[]]


def test_no_details_are_removed_beside_a_driver(stopped: tuple[Path, str]) -> None:
    folder, sweep = stopped
    plan, before = planned(folder), counts(folder)
    with claim(open_lake(str(folder)), sweep), pytest.raises(SweepOwnedError, match=sweep):
        remove(open_lake(str(folder)), plan)
    assert counts(folder) == before
