"""Retention on a real lake: a dry run and a real one are the same plan; what no line names stays."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.choices import REMOVAL_ORDER
from lake.lake import Lake, open_lake
from lake.listing import listed
from lake.ownership import claim
from lake.pins import ProtectedError, pin, pins, unpin
from lake.policy import Age, Details, Keep, Pins, Policy
from lake.removal import Removal
from lake.removal_log import attempts, records
from lake.remove import remove
from lake.undo import undo
from lake.undoable import NothingToUndoError, to_undo
from lake.usage import bytes_by_sweep, bytes_by_table
from queries.catalog import Catalog
from sweeplake.maintain import maintain, retain
from sweeplake.retention import plan_deletion, plan_retention
from sweeps.retention.policy_file import PolicyError
from tests.lake.small import DAY, START, held, put_runs, put_sweep, runs_of

NOW = START + timedelta(days=40)
HOURS = timedelta(hours=1)
PLACE = {"strategy": "s", "symbol": "X", "date": DAY}
SHARPE = {f"r{n}": float(n) for n in range(20)}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Sweeps a to d, ten days apart, in files that they share; e is running, f was interrupted."""
    made = open_lake(str(tmp_path / "lake"))
    states = ["finished"] * 4 + ["running", "interrupted"]
    for place, status in enumerate(states):
        put_sweep(made, "abcdef"[place], status=status, days=10.0 * min(place, 3))
    claim(made, "e")
    put_runs(
        made, [(name, f"r{3 * at + n}") for at, name in enumerate("abcdef") for n in range(3)], sharpe=SHARPE
    )
    put_runs(made, [("a", "r18"), ("a", "r19")], sharpe=SHARPE, symbol="Y")
    return made


def size_of(lake: Lake) -> int:
    return sum(bytes_by_table(lake.snapshot()).values())


def sweeps_of(lake: Lake, table: str = "metrics") -> str:
    return "".join(sorted({sweep for sweep, _ in runs_of(lake, table)}))


def applied(lake: Lake, policy: Policy) -> Removal:
    plan = plan_retention(lake, policy, NOW)
    assert plan_retention(lake, policy, NOW) == plan
    remove(lake, plan)
    return plan


def test_a_real_run_removes_exactly_what_the_dry_run_lists(lake: Lake) -> None:
    policy = Policy(
        keep=Keep(3), age=Age(metrics=25 * 24 * HOURS, failures=15 * 24 * HOURS), details=Details(1)
    )
    before, size = held(lake), size_of(lake)
    plan = applied(lake, policy)
    after = held(lake)
    lines = {line.line: line for line in plan.lines}
    assert {name: (line.sweeps, line.runs, line.details) for name, line in lines.items()} == {
        "keep.last = 3": (("a", "b"), 8, 8),
        "age.failures = 360h": (("c",), 0, 0),
        "details.top = 1": (("c", "d", "f"), 0, 6),
    }
    assert sum(map(len, before.values())) - sum(map(len, after.values())) == sum(
        line.rows for line in plan.lines
    )
    [record] = records(lake)
    gone = {
        (attempt.table, file.path)
        for attempt in attempts(lake, record)
        for file in (*attempt.dropped, *attempt.rewritten)
    }
    assert gone == {(table, loss.file.path) for table in REMOVAL_ORDER for loss in plan.losses[table]}
    assert size_of(lake) < size
    assert sweeps_of(lake) == "cdef"
    assert {key for key in runs_of(lake, "details") if key[0] in "cdf"} == {
        ("c", "r8"),
        ("d", "r11"),
        ("f", "r17"),
    }
    assert runs_of(lake, "trades") == runs_of(lake, "equity") == runs_of(lake, "details")
    assert sweeps_of(lake, "failures") == "def"
    assert plan_retention(lake, policy, NOW).empty


def test_what_runs_is_left_alone_by_every_line(lake: Lake) -> None:
    plan = applied(
        lake, Policy(keep=Keep(1), age=Age(sweeps=HOURS, details=HOURS), details=Details(0), budget_bytes=1)
    )
    assert sweeps_of(lake) == "e"
    assert len(held(lake)["trades"]) == 6
    assert all("e" not in line.sweeps for line in plan.lines)
    with pytest.raises(ProtectedError, match="sweep e is running"):
        plan_deletion(lake, "r12")


def test_an_empty_policy_removes_nothing(lake: Lake) -> None:
    assert plan_retention(lake, Policy(), NOW).empty


def test_pins_hold_against_every_line(lake: Lake) -> None:
    pin(lake, "sweep", "b")
    pin(lake, "run", "r18")
    policy = Policy(age=Age(sweeps=HOURS), details=Details(0), budget_bytes=1, pins=Pins(("c",), ("r10",)))
    before = held(lake)
    applied(lake, policy)
    kept = {("a", "r18"), ("d", "r10")} | {(sweep, run) for sweep, run in RUNS if sweep in "bce"}
    assert runs_of(lake, "metrics") == runs_of(lake, "details") == kept
    assert plan_retention(lake, policy, NOW).empty
    unpin(lake, "b")
    unpin(lake, "b")
    assert [held.id for held in pins(lake)] == ["r18"]
    applied(lake, policy)
    assert sweeps_of(lake) == "acde"
    for record in to_undo(lake, START):
        undo(lake, record)
    assert held(lake) == before


RUNS = [(name, f"r{3 * at + n}") for at, name in enumerate("abcdef") for n in range(3)]


def test_a_policy_that_pins_what_never_was_is_refused(lake: Lake) -> None:
    with pytest.raises(PolicyError, match=r"pins.sweeps: the lake has no sweep q; take it off the list in m"):
        plan_retention(lake, Policy("my.toml", pins=Pins(("q",), ("r1",))), NOW)


def test_a_pin_of_what_was_removed_warns_and_the_rest_is_done(lake: Lake) -> None:
    remove(lake, plan_deletion(lake, "r4"))
    remove(lake, plan_deletion(lake, "a"))
    policy = Policy("my.toml", age=Age(sweeps=HOURS), pins=Pins(("a", "b"), ("r4", "r1", "r10")))
    plan = plan_retention(lake, policy, NOW)
    told = [warning.partition(" UTC by ")[2] for warning in plan.warnings]
    back = "; bring it back with `sweeplake undo`, or take it off the list"
    assert told == [f"delete a{back}", f"delete r4{back}", f"delete a{back}"]
    assert plan.warnings[1].startswith("my.toml: pins.runs: run r4 was removed at 20")
    [done] = maintain(lake, policy)
    assert done.errors == {}
    assert done.to_document()["retention"]["warnings"] == list(plan.warnings)
    assert sweeps_of(lake) == "bde"
    for record in to_undo(lake, START):
        undo(lake, record)
    assert plan_retention(lake, policy, NOW).warnings == ()


def test_the_listing_has_the_ids_of_everything_that_goes(lake: Lake) -> None:
    pin(lake, "run", "r1")
    policy = Policy(keep=Keep(3), age=Age(failures=15 * 24 * HOURS), details=Details(1))
    plan = plan_retention(lake, policy, NOW)
    before = {table: runs_of(lake, table) for table in ("metrics", "details", "failures")}
    found = listed(lake.storage, plan)
    remove(lake, plan)
    for table, name in (("metrics", "runs"), ("details", "details"), ("failures", "failures")):
        gone = [(sweep, run) for line in found.values() for sweep, runs in line[name].items() for run in runs]
        assert len(gone) == len(set(gone))
        assert set(gone) == before[table] - runs_of(lake, table)
    assert found["keep.last = 3"]["runs"] == {"a": ["r0", "r18", "r19", "r2"], "b": ["r3", "r4", "r5"]}
    assert found["details.top = 1"]["runs"] == {}
    assert [(line.line, line.gone) for line in plan.lines] == [
        ("keep.last = 3", ("a", "b")),
        ("age.failures = 360h", ()),
        ("details.top = 1", ()),
    ]


def test_a_policy_that_ranks_by_a_metric_that_the_lake_has_not_is_refused(lake: Lake) -> None:
    for rule, told in (
        (
            Details(1, metric="metric_edge"),
            "details.metric: the lake has no metric metric_edge; `sweeplake",
        ),
        (Details(1, score={"metric_sharpe": 1.0}), 'no metric metric_sharpe; did you mean "sharpe"'),
    ):
        with pytest.raises(PolicyError, match=told):
            plan_retention(lake, Policy(details=rule), NOW)


def test_a_budget_is_met(lake: Lake) -> None:
    size = size_of(lake)
    filled = bytes_by_sweep(lake.snapshot())
    assert sum(sum(by_sweep.values()) for by_sweep in filled.values()) == pytest.approx(
        sum(file.size_bytes for table in REMOVAL_ORDER for file in lake.snapshot()[table].files)
    )
    plan = plan_retention(lake, Policy(budget_bytes=size - 1), NOW)
    assert [(line.line, line.sweeps, line.runs) for line in plan.lines] == [
        (f"budget.bytes = {size - 1}", ("a",), 0)
    ]
    assert plan.lines[0].bytes == pytest.approx(
        sum(filled[t]["a"] for t in ("details", "trades", "equity")), abs=5
    )
    removable = sum(by_sweep.get(sweep, 0.0) for by_sweep in filled.values() for sweep in "abcdf")
    whole = plan_retention(lake, Policy(budget_bytes=int(size - removable) + 1), NOW)
    assert whole.lines[0].sweeps == ("a", "b", "c", "d", "f")
    assert whole.warnings == ()


def test_a_budget_below_what_it_may_not_take_removes_nothing_and_warns(lake: Lake) -> None:
    pin(lake, "run", "r0")
    pin(lake, "sweep", "b")
    filled = bytes_by_sweep(lake.snapshot())
    free = sum(by_sweep.get(sweep, 0.0) for by_sweep in filled.values() for sweep in "acdf")
    budget = int(size_of(lake) - free) + 1  # enough but for the pinned run
    plan = plan_retention(lake, Policy("my.toml", budget_bytes=budget), NOW)
    assert plan.empty
    assert f"my.toml: budget.bytes = {budget} cannot be met, so it removes nothing" in plan.warnings[0]
    unpin(lake, "r0")
    assert plan_retention(lake, Policy(budget_bytes=budget), NOW).lines[0].sweeps == ("a", "c", "d", "f")


def test_a_reader_with_an_old_snapshot_still_reads_everything(lake: Lake) -> None:
    with Catalog(lake) as old:
        count = "select (select sum(pnl) from trades), (select sum(equity) from equity)"
        before = old.rows(count)
        applied(lake, Policy(age=Age(sweeps=HOURS)))
        assert old.rows(count) == before
        old.refresh()
        assert old.rows(count) != before


def test_readers_never_see_half_a_run_while_it_goes_and_comes_back(lake: Lake) -> None:
    done, bad, reads = threading.Event(), [], []
    whole = {("runs", 20), ("runs", 3)}

    def read() -> None:
        while not done.is_set():
            snapshot = lake.snapshot(["metrics", "details", "trades", "equity"])
            with Catalog(snapshot) as catalog:
                rows = catalog.rows(
                    """
                    with counted as (select sweep_id, run_id, count(*) as n from trades group by all)
                    select run_id from details
                    left join counted using (sweep_id, run_id)
                    left join metrics using (sweep_id, run_id)
                    where counted.n is distinct from details.trades or metrics.role is null
                    """
                )
                runs = catalog.rows("select count(*) as n from metrics")[0]["n"]
            bad.extend(rows)
            if ("runs", runs) not in whole:
                bad.append({"runs": runs})
            reads.append(runs)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(3):
        remove(lake, plan_retention(lake, Policy(age=Age(sweeps=HOURS)), NOW))
        [record] = to_undo(lake)
        undo(lake, record)
    done.set()
    reader.join()
    assert bad == []
    assert len(reads) > 3


def test_deletion_refuses_what_is_pinned_and_takes_a_run_from_every_sweep(lake: Lake) -> None:
    put_runs(lake, [("b", "r0")], sharpe=SHARPE, symbol="Z")
    pin(lake, "run", "r1")
    for name in ("r1", "a"):
        with pytest.raises(ProtectedError, match="`sweeplake unpin r1` first"):
            plan_deletion(lake, name)
    remove(lake, plan_deletion(lake, "r0"))
    rows = lake.snapshot(["removals"]).read("removals").to_pylist()
    assert [(row["sweep_id"], row["run_id"], row["runs"], row["reason"]) for row in rows] == [
        ("a", "r0", 1, "delete r0"),
        ("b", "r0", 1, "delete r0"),
    ]
    assert {("a", "r0"), ("b", "r0")}.isdisjoint(runs_of(lake, "metrics") | runs_of(lake, "equity"))


def test_a_round_of_maintenance_tells_what_failed_and_goes_on(lake: Lake) -> None:
    assert [list(done.errors) for done in maintain(lake, Policy(pins=Pins(("q",))))] == [["retention"]]
    stop = threading.Event()
    found = []
    for done in maintain(lake, Policy(age=Age(sweeps=HOURS)), every_seconds=0.01, stop=stop):
        found.append(done.to_document())
        if len(found) == 2:
            stop.set()
    assert [bool(document["retention"]["lines"]) for document in found] == [True, False]
    assert all(document["errors"] == {} for document in found)
    assert sweeps_of(lake) == "e"


def test_undo_without_a_removal_is_told(lake: Lake) -> None:
    with pytest.raises(NothingToUndoError, match="no removal that is not undone"):
        to_undo(lake)
    retain(lake, Policy(age=Age(sweeps=HOURS)))
    with pytest.raises(NothingToUndoError, match="since"):
        to_undo(lake, datetime.now(UTC))
