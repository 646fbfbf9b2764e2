"""Snapshots: whoever is named in details has its rows, and nobody who only appends keeps a reader waiting."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import lake.lake as module
from lake.check import check_files
from lake.choices import Choice
from lake.copying import counter
from lake.evolution import create_table
from lake.instant import Instant
from lake.lake import Lake
from lake.log import entry_path
from lake.removal import plan_removal
from lake.remove import remove
from lake.schemas import COMMIT_ORDER
from lake.snapshot import TableSnapshot, load_table, taken_out_since
from lake.storage import Storage
from tests.lake.small import put_runs, put_sweep
from tests.proxy import Action, passed_on
from tests.s3 import Bucket

SWEEP = "20260102T000000000-aaaaaa"


@pytest.fixture
def filled(lake: Lake) -> Lake:
    put_sweep(lake, SWEEP)
    put_runs(lake, [(SWEEP, "r0"), (SWEEP, "r1")])
    return lake


def before_each_table(monkeypatch: pytest.MonkeyPatch, act: Callable[[str], None]) -> None:
    """Let something happen whenever a snapshot is about to load a table."""
    load = module.load_table

    def loaded(storage: Storage, name: str) -> TableSnapshot:
        act(name)
        return load(storage, name)

    monkeypatch.setattr(module, "load_table", loaded)


def test_details_that_come_all_the_time_keep_no_reader_waiting(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def append(name: str) -> None:
        loaded.append(name)
        assert len(loaded) < 20, "it starts again and again"
        put_runs(filled, [(SWEEP, f"r{len(loaded) + 1}")])

    before_each_table(monkeypatch, append)
    snapshot = filled.snapshot()
    details = set(snapshot.read("details")["run_id"].to_pylist())
    assert details >= {"r0", "r1"}
    for table in ("trades", "equity", "metrics"):
        assert details <= set(snapshot.read(table)["run_id"].to_pylist()), table


@pytest.mark.parametrize("at", [name for name in COMMIT_ORDER if name != "details"])
def test_details_that_are_taken_out_meanwhile_are_not_seen_half(
    filled: Lake, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    waiting = [at]

    def take_out(name: str) -> None:
        if [name] == waiting:
            waiting.clear()
            choice = Choice("line", "details", sweeps=frozenset([SWEEP]))
            snapshot = Lake(filled.storage).snapshot(COMMIT_ORDER)
            remove(filled, plan_removal(datetime.now(UTC), [choice], {}, snapshot, counter(filled.storage)))

    before_each_table(monkeypatch, take_out)
    snapshot = filled.snapshot()
    assert waiting == []
    assert [snapshot.read(table).num_rows for table in ("details", "trades", "equity")] == [0, 0, 0]
    assert snapshot.read("metrics").num_rows == 2


def test_of_a_sweep_that_has_ended_all_details_are_there(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = "20260103T000000000-bbbbbb"
    put_sweep(filled, running, status="running", days=1)
    loaded: list[str] = []

    def end(name: str) -> None:
        loaded.append(name)
        if name == "trades":
            put_runs(filled, [(running, "r9")])
            put_sweep(filled, running, days=2)

    before_each_table(monkeypatch, end)
    snapshot = filled.snapshot()
    states = {row["sweep_id"]: row["status"] for row in snapshot.read("sweeps").sort_by("at").to_pylist()}
    assert loaded[0] == "sweeps"
    assert states[running] == "running"
    assert "r9" not in snapshot.read("details")["run_id"].to_pylist()


def test_check_is_not_kept_waiting_either(filled: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from lake import check

    table, seen = check._table, list[str]()

    def beside_a_sweep(storage: Storage, name: str, *, deep: bool) -> object:
        seen.append(name)
        assert len(seen) < 20, "it starts again and again"
        put_runs(filled, [(SWEEP, f"r{len(seen) + 1}")])
        return table(storage, name, deep=deep)

    monkeypatch.setattr(check, "_table", beside_a_sweep)
    assert check_files(filled).findings == ()
    assert seen[:2] == ["sweeps", "details"]


def test_a_table_that_another_makes_between_two_looks_is_not_called_lost(bucket: Bucket) -> None:
    storage, other = Storage(bucket.url), Storage(bucket.url)
    left = [1]

    def made_meanwhile(method: str, path: str, n: int) -> Action:
        del method, n
        if "_tables" in path and left:
            left.pop()
            create_table(other, "trades")
        return passed_on

    bucket.proxy.hook = made_meanwhile
    assert load_table(storage, "trades").version == 0
    assert not left


def test_a_reader_that_stood_still_while_the_log_was_cleaned_looks_again(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, held = Instant.now(), load_table(filled.storage, "details")
    assert not taken_out_since(filled.storage, held, since)
    put_runs(filled, [(SWEEP, "r2")])
    put_runs(filled, [(SWEEP, "r3")])
    assert not taken_out_since(filled.storage, held, since)
    filled.storage.delete([entry_path("details", held.version + 1)])
    assert not taken_out_since(filled.storage, held, since), "no entry goes that is so young"
    monkeypatch.setattr("lake.snapshot._KEPT_SECONDS", 0.0)
    assert taken_out_since(filled.storage, held, since)
    newest = replace(held, version=held.version + 2)
    assert not taken_out_since(filled.storage, newest, since)
