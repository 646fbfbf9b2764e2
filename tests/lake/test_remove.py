"""Removing and undoing: what was chosen goes, and nothing else; whatever dies, a repetition finishes it."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from lake.choices import Choice
from lake.copying import counter
from lake.lake import Lake
from lake.removal import Removal, plan_removal
from lake.removal_log import records
from lake.remove import finish_removals, remove
from lake.schemas import COMMIT_ORDER
from lake.sources import DamagedFileError
from lake.undo import undo
from lake.undoable import CannotUndoError
from tests.lake.small import held, put_runs, put_sweep, runs_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
A, B = "20260102-a", "20260103-b"


@pytest.fixture
def two(lake: Lake) -> Lake:
    """Sweep A in files of its own, and one file a table that A and B share."""
    put_sweep(lake, A)
    put_sweep(lake, B, days=1)
    put_runs(lake, [(A, "r1"), (A, "r2")])
    put_runs(lake, [(A, "r3"), (A, "r4"), (B, "r5"), (B, "r6")], symbol="Y")
    return lake


def planned(lake: Lake, *choices: Choice) -> Removal:
    runs = {sweep: 4 for choice in choices for sweep in choice.sweeps}
    return plan_removal(NOW, choices, runs, lake.snapshot(), counter(lake.storage))


def known_files(lake: Lake) -> dict[str, set[str]]:
    """What the log knows of every file of runs: sizes, counts, bounds."""
    snapshot = lake.snapshot(COMMIT_ORDER)
    return {table: {repr(file) for file in snapshot[table].files} for table in COMMIT_ORDER}


def ids(*names: str) -> pa.Array:
    return pa.array(names, pa.string())


def without(rows: dict[str, list[dict[str, object]]], tables: set[str], sweep: str, *runs: str) -> object:
    return {
        table: [
            row
            for row in kept
            if table not in tables or row["sweep_id"] != sweep or (runs and row["run_id"] not in runs)
        ]
        for table, kept in rows.items()
    }


EVERY = {"trades", "equity", "failures", "metrics", "details"}
CASES = {
    "a sweep": (Choice("l", "sweep", frozenset({A})), EVERY, ()),
    "its runs": (Choice("l", "runs", frozenset({A})), EVERY - {"failures"}, ()),
    "its details": (Choice("l", "details", frozenset({A})), {"trades", "equity", "details"}, ()),
    "its failures": (Choice("l", "failures", frozenset({A})), {"failures"}, ()),
    "two runs": (Choice("l", "sweep", runs={A: ids("r1", "r3")}), EVERY, ("r1", "r3")),
    "details of one": (Choice("l", "details", runs={A: ids("r4")}), {"trades", "equity", "details"}, ("r4",)),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_chosen_goes_and_undo_brings_back_exactly_that(two: Lake, case: str) -> None:
    choice, tables, runs = CASES[case]
    before, known = held(two), known_files(two)
    record = remove(two, planned(two, choice))
    assert record is not None
    after = held(two)
    assert after == without(before, tables, A, *runs)
    assert after != before
    undo(two, record)
    assert held(two) == before
    assert known_files(two) == known
    assert two.snapshot().read("removals").num_rows == 0
    assert [(taken.done, taken.undone) for taken in records(two)] == [(True, True)]


def test_files_of_one_sweep_go_as_metadata_and_shared_ones_are_rewritten(two: Lake) -> None:
    plan = planned(two, Choice("keep.last = 1", "sweep", frozenset({A})))
    for losses in plan.losses.values():
        assert sorted(loss.whole for loss in losses) == [False, True]
    [line] = plan.lines
    assert (line.runs, line.details, line.files, line.rewritten, line.rows) == (
        4,
        4,
        5,
        5,
        4 * (2 + 3 + 1 + 1 + 1),
    )
    whole = sum(loss.file.size_bytes for losses in plan.losses.values() for loss in losses if loss.whole)
    assert whole < line.bytes < sum(loss.file.size_bytes for held in plan.losses.values() for loss in held)


def test_a_spared_run_stays_of_its_sweep(two: Lake) -> None:
    remove(two, planned(two, Choice("l", "sweep", frozenset({A}), spared=frozenset({"r2", "r3"}))))
    assert runs_of(two, "metrics") == {(A, "r2"), (A, "r3"), (B, "r5"), (B, "r6")}
    assert runs_of(two, "trades") == runs_of(two, "metrics")


def test_a_removal_is_told_in_removals_and_in_the_state_of_the_sweep(two: Lake) -> None:
    record = remove(two, planned(two, Choice("age.sweeps = 12h", "sweep", frozenset({A}))))
    told = {"sweep_id": A, "run_id": None, "removed_at": NOW, "runs": 4, "reason": "age.sweeps = 12h"}
    assert two.snapshot().read("removals").to_pylist() == [{**told, "scope": "sweep"}]
    states = two.snapshot().read("sweeps").to_pylist()
    assert {row["status"] for row in states if row["sweep_id"] == A} == {"finished", "removed"}
    assert record is not None
    undo(two, record)
    newest = max(
        (row for row in two.snapshot().read("sweeps").to_pylist() if row["sweep_id"] == A),
        key=lambda r: r["at"],
    )
    assert (newest["status"], newest["name"]) == ("finished", A)


def test_undo_brings_lost_rows_alone_if_what_was_left_was_rewritten_since(two: Lake) -> None:
    before = held(two)
    first = remove(two, planned(two, Choice("l", "sweep", frozenset({A}))))
    second = remove(two, planned(two, Choice("l", "sweep", runs={B: ids("r5")})))
    assert first is not None
    assert second is not None
    undo(two, first)
    assert held(two) == without(before, EVERY, B, "r5")
    undo(two, second)
    assert held(two) == before


def test_undo_keeps_what_was_appended_since(two: Lake) -> None:
    before = held(two)
    record = remove(two, planned(two, Choice("l", "sweep", frozenset({A}))))
    put_runs(two, [("c", "r9")], symbol="Y")
    assert record is not None
    undo(two, record)
    after = held(two)
    assert {table: [row for row in rows if row["sweep_id"] != "c"] for table, rows in after.items()} == before
    assert runs_of(two, "metrics") == {(A, f"r{n}") for n in range(1, 5)} | {
        (B, "r5"),
        (B, "r6"),
        ("c", "r9"),
    }


def test_undo_twice_doubles_nothing(two: Lake) -> None:
    before = held(two)
    record = remove(two, planned(two, Choice("l", "sweep", frozenset({A}))))
    assert record is not None
    undo(two, record)
    undo(two, record)
    assert held(two) == before


def test_undo_says_what_vacuum_took_and_changes_nothing(two: Lake) -> None:
    plan = planned(two, Choice("l", "sweep", frozenset({A})))
    record = remove(two, plan)
    lost = plan.losses["equity"][0].file.path
    two.storage.delete([f"equity/{lost}"])
    after = held(two)
    assert record is not None
    with pytest.raises(CannotUndoError, match=r"vacuum took 1 of its 10 files, \d+ rows"):
        undo(two, record)
    assert held(two) == after


def test_nothing_to_do_writes_nothing(two: Lake) -> None:
    assert remove(two, planned(two, Choice("l", "sweep", frozenset({"other"})))) is None
    assert list(records(two)) == []
    assert finish_removals(two) == []


def test_a_damaged_file_that_is_to_be_rewritten_stops_a_removal_before_it_begins(two: Lake) -> None:
    plan = planned(two, Choice("line", "sweep", frozenset({A})))
    (shared,) = (loss.file for loss in plan.losses["equity"] if not loss.whole)
    path = Path(two.url, "equity", shared.path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    before = known_files(two)
    with pytest.raises(DamagedFileError, match="check --deep"):
        remove(two, plan)
    assert known_files(two) == before
    assert list(records(two)) == []
