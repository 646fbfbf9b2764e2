"""Rows held against each other: doubled runs, details that are not whole, leftovers, counts that differ."""

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lake.commits import commit
from lake.findings import Finding
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake, open_lake
from lake.maintenance import fenced
from lake.writer import write_rows
from queries.check import check_rows
from tests.lake.runs import BARS, SWEEP, TRADES, add_runs, end_sweep, write_runs


@pytest.fixture
def lake(tmp_path: object) -> Lake:
    return open_lake(f"{tmp_path}/lake")


def findings(lake: Lake) -> list[Finding]:
    snapshot = lake.snapshot()
    return check_rows(snapshot, KnownSweeps.of(snapshot))


def put(lake: Lake, *tables: str, ids: str) -> None:
    """Commit only some tables of some runs."""
    for file in write_runs(lake, list(ids)):
        if file.table in tables:
            commit(lake, file.table, [file])


def remove(lake: Lake, *runs: str | None) -> None:
    """Record removals; None is the whole sweep."""
    at = [datetime.now(UTC)] * len(runs)
    rows = {"sweep_id": [SWEEP] * len(runs), "run_id": pa.array(runs, pa.string()), "removed_at": at}
    commit(lake, "removals", [write_rows(lake.storage, "removals", pa.table(rows), {})])


def test_a_whole_sweep_has_no_findings(lake: Lake) -> None:
    add_runs(lake, ["a", "b"])
    end_sweep(lake, 2)
    assert findings(lake) == []


def test_an_empty_lake_has_no_findings(lake: Lake) -> None:
    lake.create()
    assert findings(lake) == []


def test_a_run_that_is_there_twice_is_told(lake: Lake) -> None:
    add_runs(lake, ["a", "b"])
    put(lake, "metrics", ids="b")
    end_sweep(lake, 2)
    (finding,) = findings(lake)
    assert (finding.kind, finding.sweeps) == ("doubled_runs", (SWEEP,))
    assert "1 runs" in finding.text


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lake: put(lake, "trades", ids="b"), "1 other trades than said"),
        (lambda lake: put(lake, "equity", ids="b"), "1 other equity rows than said"),
        (lambda lake: put(lake, "details", ids="b"), "1 named twice"),
        (lambda lake: drop(lake, "trades"), "2 other trades than said"),
        (lambda lake: drop(lake, "equity"), "2 other equity rows than said"),
        (lambda lake: drop(lake, "metrics"), "2 no metrics"),
    ],
)
def test_details_that_are_not_whole_are_told_with_the_reason(
    lake: Lake, damage: Callable[[Lake], None], said: str
) -> None:
    add_runs(lake, ["a", "b"])
    damage(lake)
    (finding,) = findings(lake)
    assert (finding.kind, finding.sweeps) == ("details_not_whole", (SWEEP,))
    assert said in finding.text


def drop(lake: Lake, table: str) -> None:
    held = fenced(lake, table)
    held.commit([], held.snapshot.files)


def test_rows_that_no_details_name_are_harmless_leftovers_once_the_sweep_ended(lake: Lake) -> None:
    add_runs(lake, ["a"])
    put(lake, "trades", "equity", ids="bc")
    end_sweep(lake, 1, status="running")
    assert findings(lake) == []
    end_sweep(lake, 1)
    (finding,) = findings(lake)
    assert finding.harmless
    assert finding.text.startswith(f"{2 * (TRADES + BARS)} rows of 2 runs")


def test_a_finished_sweep_has_the_runs_that_it_says(lake: Lake) -> None:
    add_runs(lake, ["a", "b"])
    end_sweep(lake, 5, status="interrupted")
    assert findings(lake) == []
    end_sweep(lake, 5)
    (finding,) = findings(lake)
    assert (finding.kind, finding.text) == ("run_count", "2 runs are there; the sweep finished with 5")
    assert f"sweeplake resume {SWEEP}" in finding.remedy
    remove(lake, "x", "y")
    assert "2 were removed" in findings(lake)[0].text
    remove(lake, "z")
    assert findings(lake) == []
    end_sweep(lake, 1)
    assert [finding.kind for finding in findings(lake)] == ["run_count"]


def test_a_sweep_that_was_removed_as_a_whole_needs_no_runs(lake: Lake) -> None:
    add_runs(lake, ["a", "b"])
    end_sweep(lake, 2)
    for table in ("details", "metrics", "equity", "trades"):
        drop(lake, table)
    assert [finding.kind for finding in findings(lake)] == ["run_count"]
    remove(lake, None)
    assert findings(lake) == []
